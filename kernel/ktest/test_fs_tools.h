/* What the tests of files share. */
#pragma once

#include "fs/names.h"

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
u64 fs_hash(const char *bytes, size_t n);
/* Removes everything below the root but /dev. */
void fs_empty(void);
/* Numbers that a seed repeats. */
u64 fs_random(u64 *state);

/* test_fs_archive.c: calls of a script. Takes the n bytes of a boot archive from the console; unpacks it; unpacks it with `seed` mistakes made in
   it, and removes all that came of it. */
s64 fs_archive_take(size_t n);
s64 fs_archive_unpack(void);
s64 fs_archive_spoil(u64 seed);
void fs_archive_free(void);
