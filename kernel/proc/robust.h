/* Robust mutexes of user mode (set_robust_list()): a thread that ends, or begins another program, may own some. It keeps a list of them in
   its own memory, which the kernel reads then and not earlier. */
#pragma once

#include "base/thread.h"

/* In a word of user memory that is a mutex: who owns it, and what else is known. */
#define FUTEX_TID_MASK 0x3fffffffu
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_WAITERS 0x80000000u

#define ROBUST_HEAD_SIZE 24u

/* What me, the running thread, still owns has lost its owner: who waits for it goes on. Thread context, no lock held. */
void robust_list_end(struct thread *me);
