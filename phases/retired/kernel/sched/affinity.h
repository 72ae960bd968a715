/* Which CPUs a thread may run on: there is one. */
#pragma once

#include "lib/errno.h"
#include "sched/thread.h"

static inline int thread_set_affinity(tid_t tid, u64 mask)
{
    (void)tid;
    return mask & 1 ? 0 : -EINVAL;
}

static inline u64 thread_affinity(const struct thread *t)
{
    (void)t;
    return 1;
}
