/* What the tests of files share. */
#pragma once

#include "fs/names.h"

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
u64 fs_hash(const char *bytes, size_t n);
/* Removes everything below the root but /dev. */
void fs_empty(void);
/* Numbers that a seed repeats. */
u64 fs_random(u64 *state);

/* test_fs_archive.c: calls of a script. Takes the n bytes of a boot archive from the console; unpacks it; unpacks it with mistakes that
   the seed chooses, and removes all that came of it. */
s64 fs_archive_take(size_t n);
s64 fs_archive_unpack(void);
s64 fs_archive_spoil(u64 seed);
void fs_archive_free(void);

/* test_fs_tty.c: calls of a script. The running thread is of group `me`, signals are noted; the terminal gets another mode; all is as it
   was before. */
s64 fs_tty_hear(pid_t me, pid_t foreground);
s64 fs_tty_mode(u32 iflag, u32 lflag, u8 least, u8 tenths);
void fs_tty_end(void);
