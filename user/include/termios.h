/* The settings of a terminal. */
#pragma once

#include <sys/types.h>

#define NCCS 19
typedef unsigned tcflag_t;
typedef unsigned char cc_t;

/* As TCGETS and TCSETS have it. */
struct termios {
    tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
    cc_t c_line;
    cc_t c_cc[NCCS];
};

enum { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL };
enum { ISIG = 1, ICANON = 2, ECHO = 010, ECHOE = 020, ECHOK = 040, ECHONL = 0100, NOFLSH = 0200, TOSTOP = 0400, IEXTEN = 0100000 };
enum { ICRNL = 0400, IXON = 02000, OPOST = 1, ONLCR = 4 };
enum { TCSANOW, TCSADRAIN, TCSAFLUSH };

int tcgetattr(int fd, struct termios *settings);
int tcsetattr(int fd, int when, const struct termios *settings);
