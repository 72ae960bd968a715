/* Real-time threads, SCHED_FIFO and SCHED_RR: the highest priority runs, 99 the best, and of equals whoever stands first in their list. So
   that a loop at such a priority leaves something to the others, the class may run for only rt_runtime of each rt_period (boot options).
   Lock: the run queue's, in everything here. */
#pragma once

#include "sched/classes.h"
#include "sched/preempt.h"
#include "sched/sched_config.h"

/* What classes.c and attr.c call. */
void rt_rq_init(struct rq *rq);
/* t's priority or policy is another one, as its parameters say, and t is in no list: it waits for being put back, runs, or sleeps. before:
   what it had until now in this class, NULL if it comes from another one; from_deadline: from that one, which is above. If t runs it is
   charged, which may throttle the class. */
void rt_enters(struct rq *rq, struct thread *t, const struct sched_params *before, bool from_deadline);
/* For the record of t's numbers: arg as TRACE_ENTITY has it. */
void rt_entity(const struct rq *rq, const struct thread *t, u64 arg[4]);
/* When the class comes back, ns; ~0ul if it is not throttled. */
u64 rt_next_event(const struct rq *rq);
/* The class comes back, if it is time. */
void rt_event(struct rq *rq, u64 now);

/* Whether the class's share is limited at all. */
static inline bool rt_limited(void)
{
    return class_options.rt_runtime_ns && class_options.rt_runtime_ns < class_options.rt_period_ns;
}

/* Lab 5.4 (rt.c). */

/* t, which is in no list, joins the one of its priority (t->se.rt.priority) at the head or at the tail, and the bitmap says that there is
   somebody. To the head goes who had to make room, unless its turn is over (t->se.rt.turn_over), and whose priority was lowered while it
   waited (t->se.rt.lowered); everybody else to the tail. */
void rt_join(struct rt_rq *rt, struct thread *t, enum enqueue_why why);
/* Who runs next, if the class may: the first of the highest priority that has threads; it stays in its list. NULL: nobody waits. O(1). */
struct thread *rt_first(struct rt_rq *rt);
/* The timer ticked while t ran; it was charged: t->se.charged is what it has run, ns. Under SCHED_RR, whose slice, SCHED_RR_SLICE_NS since
   t->se.rt.slice_start, is over begins another one; t->se.rt.turn_over remembers it, and t makes room if an equal waits. */
void rt_tick(struct rq *rq, struct thread *t);
/* t just became ready, rq->curr is of this class, too: does it have to make room? */
void rt_check_preempt(struct rq *rq, struct thread *t);
/* The class has run for delta ns until now (ns). Time is divided into windows of class_options.rt_period_ns, the first one from 0 on:
   rt->used is what it has run in window number rt->window, the one of the last call. Both follow; what was run before the present window
   began does not count in it. Returns whether that is all that the class may have of a window, or more. */
bool rt_account(struct rt_rq *rt, u64 now, u64 delta);
