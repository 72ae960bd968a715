/* SCHED_DEADLINE: the earliest deadline runs first (EDF), and each thread has a budget (the constant bandwidth server of Abeni and
   Buttazzo 1998): of each `period` P it may run for `runtime` Q, and has it before `deadline` D of that period has passed. Whoever has
   used up its budget waits for its next period, so that who runs too long harms nobody but itself; and no more is promised than there is
   (admission). Lock: the run queue's, in everything here.

   What a thread has is in t->se.dl: an absolute deadline, ns, and what is left of its budget. The numbers that it asked for, Q, D and P,
   are in t->se.params. */
#pragma once

#include "sched/classes.h"
#include "sched/policies.h"
#include "sched/preempt.h"

#define DL_BANDWIDTH_SHIFT 20 /* a bandwidth is counted in units of 2^-20 of a CPU */

static inline u64 deadline_period(const struct sched_params *p)
{
    return p->period ?: p->deadline;
}

static inline struct thread *thread_of_dl(const struct rb_node *node)
{
    return rb_entry(node, struct thread, se.dl.node);
}

/* Whether time a is before b. */
static inline bool earlier(u64 a, u64 b)
{
    return (s64)(a - b) < 0;
}

/* What classes.c and attr.c call. */
void deadline_rq_init(struct rq *rq);
/* t runs, stays of the class and is about to get other parameters: what it has run until now, and what follows from that, goes by those
   that it has. */
void deadline_before_change(struct rq *rq, struct thread *t);
/* t's parameters are others now, and t is in no tree: it waits for being put back, runs, or sleeps. was_deadline: it was of this class
   before, and keeps its deadline and what is left of its budget. */
void deadline_enters(struct rq *rq, struct thread *t, bool was_deadline);
/* t, in no tree, goes by the deadline `due` (ns) from now on, which is lent, and needs no budget. 0: not any more. If it has none of its
   own it comes to the class by that, or leaves it. */
void deadline_lent(struct rq *rq, struct thread *t, u64 due);
/* t, in no tree, goes by its own deadline and budget again. Whoever had nothing left when it was lent a deadline has nothing now. */
void deadline_returns(struct rq *rq, struct thread *t);
/* For the record of t's numbers: arg as TRACE_ENTITY has it. */
void deadline_entity(const struct rq *rq, const struct thread *t, u64 arg[4]);
/* When the budget of the thread that runs ends, or the first who waits for budget gets it, ns; ~0ul if there is neither. */
u64 deadline_next_event(const struct rq *rq);
/* Whatever of that is due happens. */
void deadline_event(struct rq *rq, u64 now);

/* For attr.c. */

/* Whether p's times can be kept: 0, or -EINVAL. */
int deadline_params_check(const struct sched_params *p);
/* Reserves what p asks for on some CPU, t's first; one that is of the class stays on its own. The thread table's lock is held, no run
   queue's. Returns 0; -EBUSY: there is not so much left anywhere; -EPERM: t may not run on all CPUs. */
int deadline_reserve(struct thread *t, const struct sched_params *p);
/* t, which rq has, gives back what it reserved. */
void deadline_unreserve(struct rq *rq, struct thread *t);
/* t comes to the class, or leaves it: it belongs to the CPU on which it reserved, or to none. */
void deadline_bind(struct thread *t);
void deadline_unbind(struct rq *rq, struct thread *t);

/* Budgets (budget.c), for the class table. */

/* t, which is ready and throttled, waits for budget, and does not count in nr_ready; it waits no more, and is in no tree. */
void budget_wait(struct rq *rq, struct thread *t);
void budget_stop_waiting(struct rq *rq, struct thread *t);
/* t has no budget left, or may not use it yet. If it is in a tree, it is the one of those who may run. */
void budget_throttle(struct rq *rq, struct thread *t);
/* Charges t for what it has run since the last time. Returns whether its budget is used up. */
bool budget_take_time(const struct rq *rq, struct thread *t);
/* t is ready or runs: has its deadline passed? Each counts once. */
void deadline_look_for_miss(const struct rq *rq, struct thread *t);
/* All of that: t, which runs, or stops running, is charged, and throttled if it has nothing left. */
void budget_charge(struct rq *rq, struct thread *t);
/* t has done what it had to do in this period: it comes back in the next one. */
void budget_give_up(struct rq *rq, struct thread *t);
/* t is about to run, or to run as a thread of this class (rq->curr may not say so yet): the timer is set to the end of its budget. */
void budget_note_end(struct rq *rq, const struct thread *t);

/* Lab 5.5a (edf.c). Times are in ns; whatever is of the class's clock may be compared by the sign of the difference. */

/* The order of those who may run: by deadline, then as ready_before() says. */
bool deadline_before(const struct rb_node *a, const struct rb_node *b);
/* t just became ready, rq->curr is of this class, too: does it have to make room? */
void edf_check_preempt(struct rq *rq, struct thread *t);
/* t has run for delta ns. Returns whether its budget is used up. */
bool edf_charge(struct thread *t, u64 delta);
/* When t's next period begins: its present one began D before its deadline. */
u64 edf_next_period(const struct thread *t);
/* t gets budget: for each period that it takes to have some again the deadline is a period later. If even that has passed, period and
   budget begin anew at `now`. */
void edf_replenish(struct thread *t, u64 now);
/* t, which has budget, has slept and wakes at `now`. The first that fits:
   1. D < P, its deadline has come, and its next period has not: it has had what this period gives, so its budget is 0 from now on;
   2. its deadline has passed, or what is left of its budget is, for the time until then, more than Q in D: both begin anew at `now`;
   3. both hold.
   Returns whether it has to wait for its next period (1). */
bool edf_wake(struct thread *t, u64 now);

/* Lab 5.5b (admission.c). */

/* What p reserves of a CPU, Q / P, in units of 2^-DL_BANDWIDTH_SHIFT, rounded up: so more than there is is never given away. */
u64 deadline_bandwidth(const struct sched_params *p);
/* Whether rq's CPU has so much left for t: if all that is reserved there, with this instead of what t has there now, is no more than
   class_options.dl_bandwidth (0: there is no limit). If so, t has it from now on (t->se.dl.bandwidth, rq->classes.dl.bandwidth). Whatever
   of rq->classes.dl.leaving is due by now is taken back before. */
bool admission_take(struct rq *rq, struct thread *t, u64 bandwidth);
/* t exits, or leaves the class. Others may have its bandwidth from its 0-lag time on, the time at which what is left of its budget is used
   up if it is used evenly: its deadline less budget / bandwidth. Before that it has run more than its share, and who came in its place
   would make that more still. If that time is yet to come, the bandwidth is added to rq->classes.dl.leaving, and all of that stays
   reserved until leaving_at, the latest such time. t has none any more. */
void admission_give(struct rq *rq, struct thread *t);
