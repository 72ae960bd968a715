/* Fair scheduling: CFS and EEVDF. Each thread's weight follows from its nice value; its vruntime is the time that it has run, divided by
   that weight: whoever has the least has been treated worst. The two share weights and accounting and differ in whom they pick, when they
   preempt, and what they do with sleepers. Lock: the run queue's, in everything here.

   A member of a queue is a thread of the class that waits there or runs. Time is virtual where its name begins with v or the comment says
   so: nanoseconds of a thread of nice 0, in 64 bits that may wrap, so two of them are compared by the sign of their difference. */
#pragma once

#include "sched/classes.h"
#include "sched/preempt.h"
#include "sched/sched_config.h"

#define NICE_0_WEIGHT 1024

/* Nice -20 to 19: each step is some 10 % of the CPU between two threads, a factor of about 1.25. */
extern const u32 sched_nice_to_weight[40];

/* Whether a comes before b in virtual time. */
static inline bool vtime_before(u64 a, u64 b)
{
    return (s64)(a - b) < 0;
}

static inline struct thread *thread_of_fair(struct fair_entity *e)
{
    return container_of(e, struct thread, se.fair);
}

static inline struct fair_entity *fair_of(struct rb_node *node)
{
    return node ? rb_entry(node, struct fair_entity, node) : NULL;
}

/* The running thread's numbers, if it is a member of rq, else NULL. */
static inline struct fair_entity *fair_running(struct rq *rq)
{
    struct fair_entity *e = &rq->curr->se.fair;

    return e->member ? e : NULL;
}

/* x * a / b, truncated: lags times weights pass 64 bits. */
static inline s64 scale(s64 x, u64 a, u64 b)
{
    return x < 0 ? -(s64)mul_div(-(u64)x, a, b) : (s64)mul_div((u64)x, a, b);
}

/* Charges rq's running thread, a member, for what it has run since the last time. Returns by how much its vruntime grew. */
u64 fair_account(struct rq *rq, struct fair_entity *e);
/* t comes to the class, or its numbers have changed while it was no member: the weight and slice that its parameters ask for. */
void fair_params(struct thread *t);
/* Slice of an EEVDF thread, ns, as its parameters have it: within bounds, or the default. */
u64 fair_slice(const struct sched_params *p);
/* The order of the tree: CFS's by vruntime, then by who became ready first; EEVDF's by eevdf_due_before(). */
bool cfs_before(const struct rb_node *a, const struct rb_node *b);
bool eevdf_before(const struct rb_node *a, const struct rb_node *b);

/* For the record of t's numbers: arg as TRACE_ENTITY has it. */
void fair_entity(struct rq *rq, const struct thread *t, u64 arg[4]);

/* Lab 5.1 (fair.c, cfs.c). */

/* The weight of a nice value. */
u32 fair_weight(int nice);
/* e has run delta ns: returns by how much its vruntime grows. What the division leaves over stays in e->rest: nothing is ever lost. */
u64 fair_vtime(struct fair_entity *e, u64 delta);
/* rq->classes.fair.min_vruntime follows the member that has had least; it never goes back. */
void cfs_update_min(struct rq *rq);
/* How long e, a member, may run in one turn, ns: its part of SCHED_LATENCY_NS, or of as much more as all need. */
u64 cfs_slice(const struct rq *rq, const struct fair_entity *e);
/* t, which is counted as a member already and is in no tree, joins (or joins again): sets its vruntime. */
void cfs_place(struct rq *rq, struct thread *t, enum enqueue_why why);
/* Who runs next; it stays in the tree. NULL: nobody waits. */
struct fair_entity *cfs_first(struct rq *rq);
/* Who runs, e, has been charged at a tick: has it had its turn? */
void cfs_tick(struct rq *rq, struct fair_entity *e);
/* t just became ready; e runs. */
void cfs_check_preempt(struct rq *rq, struct thread *t, struct fair_entity *e);

/* Lab 5.2 (eevdf.c). */

/* Virtual time of the queue, V: the mean of the members' vruntimes, each counted by its weight, rounded down. Moves `zero` there. Without a
   member: where it was. */
u64 eevdf_vtime(struct rq *rq);
/* e's vruntime has grown by so much, and e runs: the sum follows; if its request is served, the next one begins. */
void eevdf_ran(struct rq *rq, struct fair_entity *e, u64 grown);
/* Whether e has had no more than its share: its vruntime is not beyond the queue's. */
bool eevdf_eligible(struct rq *rq, const struct fair_entity *e);
/* Whether a's request is due before b's. */
bool eevdf_due_before(const struct fair_entity *a, const struct fair_entity *b);
/* The tree's summary: the least vruntime of the node and all below it. Returns whether that is another one than before. */
bool eevdf_summarize(struct rb_node *node);
/* Of those who wait and are eligible, the one that is due first; it stays in the tree. NULL: there is none. O(log n). */
struct fair_entity *eevdf_first(struct rq *rq);
/* Who runs, e, has been charged at a tick. */
void eevdf_tick(struct rq *rq, struct fair_entity *e);
/* t just became ready; e runs. */
void eevdf_check_preempt(struct rq *rq, struct thread *t, struct fair_entity *e);

/* Virtual length of e's request. */
static inline u64 eevdf_request(const struct fair_entity *e)
{
    return e->slice * NICE_0_WEIGHT / e->weight;
}

/* Lab 5.3 (eevdf_place.c). */

/* e leaves the queue, of which it is still a member: what it is owed, within bounds, goes with it. */
void eevdf_keep_lag(struct rq *rq, struct fair_entity *e);
/* t, no member yet, joins: sets its vruntime and deadline, so that it is owed what it was. */
void eevdf_place(struct rq *rq, struct thread *t, enum enqueue_why why);
/* The running thread e yields: what is left of its request is given up. */
void eevdf_yield(struct fair_entity *e);
/* e gets another weight. member: it is one, in no tree; then the sums are brought up to date, too. */
void eevdf_reweight(struct rq *rq, struct fair_entity *e, u32 weight);
