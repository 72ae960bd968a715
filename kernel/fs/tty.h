/* The terminal: the console with a line discipline, as programs see it at /dev/ttyS0, /dev/tty and /dev/console. */
#pragma once

#include "lib/types.h"

#define NCCS 19
#define TTY_NUMBER 0x440 /* /dev/ttyS0 */

struct termios {
    u32 iflag, oflag, cflag, lflag;
    u8 line;
    u8 cc[NCCS];
};

struct winsize {
    u16 rows, columns, width, height;
};

/* Indices into termios.cc. */
enum { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2 };

/* iflag */
#define ISTRIP 040
#define INLCR 0100
#define IGNCR 0200
#define ICRNL 0400
#define IXON 02000
/* oflag */
#define OPOST 01
#define ONLCR 04
/* lflag */
#define ISIG 01
#define ICANON 02
#define ECHO 010
#define ECHOE 020
#define ECHOK 040
#define ECHONL 0100
#define NOFLSH 0200
#define TOSTOP 0400
#define ECHOCTL 01000
#define ECHOKE 04000
#define IEXTEN 0100000

/* Registers the terminal's devices. Once, at start. */
void tty_init(void);
/* The mode that the terminal has at the start: lines that are edited and echoed, and characters that send signals. */
extern const struct termios tty_sane;
/* Changes the mode; with flush, what was typed and not read is forgotten. */
void tty_set_termios(const struct termios *to, bool flush);
/* The line is cut: what was typed is forgotten, and files of it that are open, but for /dev/console, come to their end. Who waits for input
   looks. Any context; locks before the terminal's may be held. */
void tty_hang_up(void);
