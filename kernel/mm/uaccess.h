/* Reaching user memory from the kernel. A user address is a number, `uptr`, and never followed: what a program hands over may point
   anywhere, and at nothing. Thread context, of a thread with a user mode, no spinlock held, and not the lock of its address space: the page
   may have to be made first. */
#pragma once

#include "lib/types.h"

/* Lab 3.2 (uaccess.c). n may be 0. */

/* n bytes from user memory to `to`. Returns 0, or -EFAULT: some of it is not the program's to read. `to` is undefined then. */
int copyin(void *to, uptr from, size_t n);
/* n bytes from `from` to user memory. Returns 0, or -EFAULT: some of it is not the program's to write; what comes before that may have
   been written. */
int copyout(uptr to, const void *from, size_t n);
/* A string with its 0 byte from user memory to `to`, which has room for `size` bytes. Returns its length, -EFAULT, or -ENAMETOOLONG if
   there is no 0 byte among the first `size`. */
s64 copyin_string(char *to, uptr from, size_t size);
/* True if the n bytes at `at` lie in the part of the address space that programs have. */
bool user_range(uptr at, size_t n);
