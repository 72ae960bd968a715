/* What the policies of phase 2 keep in a run queue, their numbers, and what they share: the order among equals. All with the run queue's
   lock held and interrupts off; the functions marked with a lab exercise are called by the class tables in policies.c. */
#pragma once

#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/class.h"
#include "sched/sched_config.h"

/* Priority scheduling: a list for each base level. */
struct prio_rq {
    struct list level[PRIO_LEVELS]; /* in the order of ready_before() */
    u64 nonempty;                   /* bit n: level n has threads */
};

/* Multi-level feedback queue. */
struct mlfq_rq {
    struct list level[MLFQ_LEVELS]; /* in the order of ready_before(); 0 is the best */
};

/* Shortest job first. */
struct sjf_rq {
    struct rb_tree tree; /* in the order of sjf_before() */
};

/* The numbers of sched_config.h and of the boot options, in cycles, so that a decision compares without converting. Set at start, then
   read only, but for a demonstration that makes threads age faster while it runs; the grader's models read them, too. */
struct policy_numbers {
    u64 cycles_per_ms;
    u64 tick_ns;                   /* from one tick to the next, ns */
    u64 quantum[SCHED_PRIORITIES]; /* rr and prio, by thread priority: who has run that long at a tick has used it up */
    u64 ageing;                    /* prio: a waiting thread rises by one in this time */
    u64 mlfq_quantum[MLFQ_LEVELS], mlfq_allotment[MLFQ_LEVELS]; /* the same, by level */
    u64 mlfq_boost;                /* from one boost to the next */
    u64 sjf_first_tau;
};

extern struct policy_numbers policy;

/* ms: `quantum=`, or 0 for the table of sched_config.h; hz: ticks a second. At start. */
void quantum_set(u64 ms, unsigned hz);
void policies_init(struct rq *rq);

/* --- who comes first among equals ---------------------------------------------------------------------------------------------- */

/* Whether a became ready before b. Of two at the same time the one with the smaller tid comes first. */
static inline bool ready_before(const struct thread *a, const struct thread *b)
{
    return a->since != b->since ? (s64)(a->since - b->since) < 0 : a->tid < b->tid;
}

/* t, in no queue, gets its place in a list that is in the order of ready_before(). One comparison for whoever became ready first or last
   of all; a walk only where a priority changed in between. */
void queue_in_order(struct list *list, struct thread *t);

/* --- the exercises ------------------------------------------------------------------------------------------------------------- */

/* Lab 2.6a (prio.c). */

/* The waiting thread that has to run next, or NULL; it stays in the queue. */
struct thread *prio_first(struct rq *rq);
/* The timer ticked while t ran. */
void prio_tick(struct rq *rq, struct thread *t);
/* t just became ready: does it have to run before rq->curr? */
void prio_check_preempt(struct rq *rq, struct thread *t);

/* Lab 2.6b (ageing.c). */

/* The priority at which t competes now, 0 to PRIO_LEVELS - 1: its own or inherited one, and what its waiting adds. */
int prio_level(const struct rq *rq, const struct thread *t);
/* t joins the queue again: sets t->since and t->slice_start. */
void prio_place(struct rq *rq, struct thread *t, enum enqueue_why why);

/* Lab 2.7 (mlfq.c). */

/* The level at which t competes now: the top one if there was a boost that it has not taken part in yet. */
unsigned mlfq_level(const struct rq *rq, const struct thread *t);
/* If there was a boost since t was looked at last, t takes part in it now. */
void mlfq_catch_up(struct rq *rq, struct thread *t);
/* t joins the queue again: sets t->mlfq.level, and what its place among equals and its rights there are. */
void mlfq_place(struct rq *rq, struct thread *t, enum enqueue_why why);
/* The waiting thread that has to run next, or NULL; it stays in the queue. */
struct thread *mlfq_first(struct rq *rq);
void mlfq_tick(struct rq *rq, struct thread *t);
void mlfq_check_preempt(struct rq *rq, struct thread *t);

/* Lab 2.8 (sjf.c). */

/* Whether the thread around a runs before the one around b: the order of the tree. */
bool sjf_before(const struct rb_node *a, const struct rb_node *b);
/* The burst that t is expected to need, cycles, before it has had any. */
u64 sjf_first_guess(const struct thread *t);
/* t, which runs, blocks: it has shown how long a burst it needs. */
void sjf_burst_ended(struct rq *rq, struct thread *t);
