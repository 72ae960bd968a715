/* The boot archive: what the root contains when the first program starts. */
#pragma once

#include "lib/types.h"

/* Unpacks a cpio archive (format "newc", as `cpio -H newc` and the Linux kernel know it) into the root. Returns 0; -EINVAL after a line on
   the console that says what is wrong and where; -ENOMEM. What was unpacked up to there stays. Thread context. */
int initramfs_unpack(const void *archive, size_t size);
