/* Futexes: threads wait in the kernel for a word of user memory to change, and whoever changes it wakes them. A word is known by where it
   lies: in an address space, or in memory that several spaces share. All in thread context, no lock held, for the running process.
   `private`: the word is in no memory that is shared with others, so nobody has to look whether it is. */
#pragma once

#include "lib/types.h"

#define FUTEX_ANY (~0u) /* a waiter, or a wake, that takes every other one for its own */

void futex_init(void);
/* Waits until somebody wakes it, if the word at `at` is `value`: nobody can change it and wake in between unnoticed. bits: of those who
   wake, the ones that have a bit of it. when: ns, or ~0. Returns 0; -EAGAIN: the word is another; -ETIMEDOUT; -ERESTART; -EFAULT,
   -EINVAL: no word there. */
int futex_wait(uptr at, bool private, u32 value, u32 bits, u64 when);
/* Wakes at most n. Returns how many, or -EFAULT, -EINVAL. */
s64 futex_wake(uptr at, bool private, unsigned n, u32 bits);
/* Wakes at most n, and of the others lets at most `move` wait for the word at `to`; only if the word is *expected (NULL: whatever it is).
   Returns how many were woken or moved, or -EAGAIN, -EFAULT, -EINVAL. */
s64 futex_requeue(uptr at, uptr to, bool private, unsigned n, unsigned move, const u32 *expected);
