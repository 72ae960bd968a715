/* Waiting threads that go from one CPU's queue to another's: to a CPU that runs out of work, and from time to time from the longest queue.
   Only threads that wait are moved, and only those that may run where they go and belong to no CPU (THREAD_KTHREAD). */
#pragma once

#include "sched/classes.h"
#include "sched/rq.h"

extern struct balance_options {
    bool balancing; /* `balancing=` */
    bool stealing;  /* `steal=` */
    u32 interval;   /* `balance=`, ticks */
} balance_options;

/* Reads the boot options. Boot CPU, before another one runs. */
void balance_init(void);
/* A tick of rq's CPU, which is this one, has passed: balances if it is time. Interrupts off, no lock held. */
void balance_tick(struct rq *rq);
/* This CPU has nobody to run: takes a thread from elsewhere, unless it tried in vain and nothing has changed since. Returns whether there
   is one now. Interrupts off, no lock held. It counts each try in nr_steal_tries, and in nr_steals those that found somebody. */
bool balance_idle(struct rq *rq);
extern u64 steal_in_vain; /* [a] bit n: CPU n found nobody to steal, and nobody has joined a queue since who may go there */
extern u64 steal_told;    /* [a] bit n: since then somebody has, and CPU n has not looked yet */

/* t has joined rq behind others: a CPU that is idle and may take it is told; one that is busy will look when it is idle. rq->lock held. */
void balance_tell_idle(const struct rq *rq, const struct thread *t);
/* rq's CPU idled and was told, and now has other work: the others that idle are told, since whoever joined may go to any of them. rq->lock
   held. */
void balance_pass_on(const struct rq *rq);

/* Threads that run or wait on a CPU. Without its lock: a guess. */
static inline u32 rq_load(const struct rq *rq)
{
    bool runs = __atomic_load_n(&rq->curr, __ATOMIC_RELAXED) != rq->idle;

    return __atomic_load_n(&rq->nr_ready, __ATOMIC_RELAXED) + runs - class_no_load(rq);
}

/* Some waiting thread of rq that may go to `cpu`, of the class that comes last, and there of those that would wait longest; NULL: none. It
   stays in the queue. rq->lock held. */
struct thread *steal_candidate(struct rq *rq, int cpu);
/* The last in a list of waiting threads that may go to `cpu`, or NULL. */
struct thread *steal_from_list(struct list *waiting, int cpu);
static inline bool stealable(const struct thread *t, int cpu)
{
    return !(t->flags & THREAD_KTHREAD) && t->cpu_mask >> cpu & 1;
}

/* Lab 4.5 (balance.c). Interrupts off, no queue's lock held. */

/* Evens out between this CPU and the one whose load differs most from its own, if it differs by 2 or more: half of the difference goes
   from the longer queue to the shorter. So each of the two is nearer to the other, and never on its other side. If nobody there may go, it
   is the next different one's turn, until somebody has moved or none is left. Counts, in this CPU's queue, each call in nr_balances and
   each thread that it moved in nr_balanced. */
void scheduler_balance_load(void);

/* Lab 4.6 (steal.c). As above. */

/* Takes one thread that may run here from the longest queue (nr_ready) that has one. Returns whether it did; who calls counts. rq: this
   CPU's. */
bool steal_work(struct rq *rq);
