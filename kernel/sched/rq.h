/* A CPU's run queue: the threads that are ready to run there. Guarded by its lock, which is held across the context switch:
   whoever comes in releases it for whoever went out. */
#pragma once

#include "base/cpu.h"
#include "base/lock.h"
#include "sched/class.h"
#include "sched/class_queues.h"
#if PHASE >= 2
#include "sched/policies.h"
#endif

struct rq {
    struct spinlock lock;
    int cpu;             /* whose it is */
    u32 nr_ready;        /* [l] threads that wait here, over all classes; kept by core.c */
    u64 clock;           /* [l] cycles() when the lock was taken: all that is decided under it is decided, and charged, at one time */
    struct list ready;   /* [l] rr and fcfs: who waits, the longest waiting first */
    struct thread *curr; /* [l] who runs on this CPU */
    struct list leaving; /* [l] threads that are ready and may not run here: they are delivered after the switch */
    struct thread *exited; /* [l] has just exited; whoever runs next cleans up after it */
    struct thread *idle; /* the CPU's idle thread */
    u64 nr_switches;     /* [l] times that another thread was chosen */
#if PHASE >= 2
    u64 next_tick;       /* ns; ~0ul while the CPU idles. This CPU, interrupts off */
    u64 timer_due;       /* ns; what the CPU's timer was set to, the past included. As next_tick */
    u64 tick_ns;         /* between two ticks. Set at start */
    u64 tick_phase;      /* [a] ns from the start of a period to the tick; CPU 0's: to the start of the period. Written there */
    struct prio_rq prio; /* [l] */
    struct mlfq_rq mlfq; /* [l] */
    struct sjf_rq sjf;   /* [l] */
#endif
    RQ_CLASSES
    u8 migrate_why;      /* for the trace: why this CPU moves threads just now. This CPU, interrupts off */
    u32 balance_ticks;   /* ticks since threads were balanced last. This CPU, interrupts off */
    u64 nr_balances;     /* times that it was looked whether to balance. This CPU */
    u64 nr_balanced;     /* threads moved by that */
    u64 nr_steal_tries;  /* times that this CPU had nobody to run and looked elsewhere */
    u64 nr_steals;       /* ... and found somebody */
    u64 nr_stays;        /* [l] times that the same thread was chosen again */
    u64 nr_ticks;        /* [l] from here on all 0 until phase 2 */
    u64 nr_slices;       /* [l] ticks that ended a slice: they found that another thread is due */
    u64 nr_preemptions;  /* [l] times that a thread had to give up the CPU and wanted to go on */
    u64 nr_wakes;        /* [l] waits that ended */
    u64 waited;          /* [l] ns that threads waited here which have gone elsewhere or exited since: cpu_stats_get() adds the others */
    u64 nr_yields;       /* [a] calls of sched_yield() here */
    u64 nr_wakes_by_others; /* [l] those of nr_wakes that threads on other CPUs ended */
    u64 nr_wakes_of_others; /* waits that threads on this CPU ended for other CPUs' queues. This CPU, interrupts off */
};

extern struct rq run_queues[CONFIG_MAX_CPUS];

static inline struct rq *this_rq(void)
{
    return (struct rq *)this_cpu_word(offsetof(struct cpu, rq));
}

static inline void rq_lock(struct rq *rq)
{
    spin_lock(&rq->lock);
    rq->clock = cycles();
}

/* Takes the lock of this CPU's run queue. Interrupts are off. */
static inline struct rq *this_rq_lock(void)
{
    struct rq *rq = this_rq();

    rq_lock(rq);
    return rq;
}

/* Lab 1.3 (rq.c): a queue in the order of arrival. The queue's lock is held; t->run_link is unlinked exactly when t is in no queue. */

/* t, which is in no queue, joins at the tail. */
void rq_push(struct rq *rq, struct thread *t);
/* t, which is queued here, leaves; wherever in the queue it stands. */
void rq_remove(struct rq *rq, struct thread *t);
/* Takes off and returns the thread that has waited longest; NULL if none waits. */
struct thread *rq_pop(struct rq *rq);
/* Asks the classes in order, highest first, and returns what the first one offers. Never NULL: the idle class always offers. */
struct thread *pick_next(struct rq *rq);
