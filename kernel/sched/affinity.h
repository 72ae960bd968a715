/* Which CPUs a thread may run on. */
#pragma once

#include "sched/thread.h"

/* mask: bit n, CPU n; what is not online does not count. If the thread runs or waits on another one, it goes at once: of itself, before
   this returns. Any context. Returns 0, -ESRCH, -EINVAL: none of them is online, or
   -EPERM: it has deadlines, which only one that may run anywhere can have (phase 5). */
int thread_set_affinity(tid_t tid, u64 mask);
/* The CPUs that are online and on which t may run. The caller knows that t is not joined meanwhile. */
u64 thread_affinity(const struct thread *t);
