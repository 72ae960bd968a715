/* What /proc says of threads and CPUs. Unlike in stat.h each number is as it is at one moment, under the run queue's lock. */
#pragma once

#include "sched/nice.h"
#include "sched/thread.h"

struct thread_stats {
    enum thread_state state;
    int cpu;            /* where it runs or waits, or did last */
    u64 cpu_ns, wait_ns;
    u64 turns;          /* times that it came to a CPU ... */
    u64 waits, ousted;  /* ... and left it: to block or to stand still; though it could have gone on, as sched_yield() also has it */
    struct sched_numbers policy;
};

struct cpu_stats {
    u64 yields, decisions, idle_turns; /* calls of sched_yield(); whom to run; that there is nobody */
    u64 wakes, wakes_here;             /* waits that threads on it ended; those of them whose thread was its own */
    u64 run_ns, wait_ns, turns;        /* that it ran threads, that threads waited in its queue, and times that one came to run */
};

/* process_nice: the nice value of t's process. Its owner's lock, or the table's, keeps t; no run queue's lock is held. */
void thread_stats_get(const struct thread *t, int process_nice, struct thread_stats *stats);
/* All that is kept of how t is scheduled, piece by piece, by Linux's names where it has one. The same locks; tell() takes none. */
void thread_tell(const struct thread *t, int process_nice, sched_teller *tell, void *to);
/* Thread context, no spinlock held. */
void cpu_stats_get(int cpu, struct cpu_stats *stats);
/* What t has waited up to now, it has waited in rq: before it exits, or leaves for another queue. rq->lock held. */
__attribute__((noinline, cold)) void thread_wait_settle(struct rq *rq, struct thread *t);
