/* Locks on whole files, for programs that agree to ask for them. */
#pragma once

#include "fs/file.h"

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

/* how: LOCK_SH, many may have it; LOCK_EX, one alone; LOCK_UN, none. What the open file had is given up first. Returns 0, -EAGAIN (others
   have it, and it may not wait), -EINVAL, or what wait_interruptible() returned. Thread context. */
int fs_flock(struct file *file, u32 how, bool wait);
/* A file with an inode is closed. */
void flock_end(struct file *file);
