/* Scheduler statistics, over all CPUs. Reading takes no lock: a number may be a moment old. */
#pragma once

#include "sched/thread.h"

#define THREAD_STATES (THREAD_TERMINATED + 1)

struct sched_stats {
    u64 switches;               /* context switches */
    u64 scheduled;              /* decisions who runs next, "the same one again" included */
    u32 ready;                  /* threads waiting in run queues */
    u32 threads[THREAD_STATES]; /* threads by state; idle threads are not counted */
    bool need_resched;          /* a reschedule is due on this CPU */
    u64 ticks, slices, preemptions, wakes; /* as in struct rq; 0 in phase 1 */
};

void sched_stats_get(struct sched_stats *stats);
/* How long a thread has run, in ns, the present turn included. */
u64 thread_cpu_ns(const struct thread *t);
/* How long it was ready without running, in ns. */
u64 thread_wait_ns(const struct thread *t);
