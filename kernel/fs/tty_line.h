/* The line that is being typed at the terminal, and what can be read of it. In canonical mode a line can be edited until it is ended, and
   is read then. All of it is guarded by the terminal's lock. */
#pragma once

#include "fs/tty.h"

#define LINE_SIZE 4096u /* characters typed and not read, a power of two */
#define END_OF_FILE 0x100 /* stands in the line for a Ctrl-D */

extern struct tty_line {
    struct termios tio;
    u16 line[LINE_SIZE]; /* a ring: */
    u32 taken, ready, typed; /* read so far, can be read up to, typed up to; counted since the start */
    bool literal; /* the next character is taken as it stands (Ctrl-V) */
} tty;

static inline bool tty_flag(u32 bit)
{
    return tty.tio.lflag & bit;
}

/* One character is typed. Returns the signal that it sends, or 0. */
int tty_type(u16 c);
/* Whether there is room for no more than a line's end. */
bool tty_line_full(void);
/* Takes up to n characters that can be read; in canonical mode no more than a line. Returns how many; *end: no more in this read. */
size_t tty_take(char *to, size_t n, bool *end);
