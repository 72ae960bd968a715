/* What can be asked of a terminal. */
#pragma once

enum { TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF };
enum { TIOCSCTTY = 0x540e, TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCGWINSZ = 0x5413, FIONREAD = 0x541b,
       TIOCNOTTY = 0x5422, TIOCGSID = 0x5429 };
struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};
int ioctl(int fd, unsigned long request, ...);
