/* Round-robin: everybody in turn. A thread that gives up the CPU goes behind all who wait. */
#include "sched/rq.h"
#include "sched/smp.h"
#if PHASE >= 2
#include "sched/policies.h"
#include "sched/preempt.h"
#endif

static void rr_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
#if PHASE >= 2
    /* Who was interrupted in the middle of a quantum keeps its place, the first; a quantum that is over, or given up, begins anew behind
       all others. A wake does not renew it: else whoever sleeps just before its end would get more than its share. */
    u64 ran = thread_ran(rq, t);
    bool over = why == ENQUEUE_YIELD || ran - t->slice_start >= rr_quantum(t);

    if (why == ENQUEUE_CHANGED || (why == ENQUEUE_PREEMPTED && !over)) {
        queue_in_order(&rq->ready, t);
        return;
    }
    if (over)
        t->slice_start = ran;
    t->since = rq->clock;
#endif
    (void)why;
    rq_push(rq, t);
}

const struct sched_class rr_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "rr",
    .enqueue_task = rr_enqueue,
    .dequeue_task = rq_remove,
    .pick_next_task = rq_pop,
    SMP_STEAL(rq_steal)
#if PHASE >= 2
    .task_tick = rr_tick,
#endif
};
