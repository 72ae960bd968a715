/* First come, first served: whoever became ready first runs until it gives up the CPU. It keeps round-robin's queue and, from
   phase 2 on, lacks its quantum: where nobody is preempted, the two policies are one. */
#include "sched/rq.h"
#include "sched/smp.h"
#if PHASE >= 2
#include "sched/policies.h"
#endif

static void fcfs_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
#if PHASE >= 2
    if (why == ENQUEUE_CHANGED || why == ENQUEUE_PREEMPTED) { /* not by its own will, so it keeps its place */
        queue_in_order(&rq->ready, t);
        return;
    }
    t->since = rq->clock;
#endif
    (void)why;
    rq_push(rq, t);
}

const struct sched_class fcfs_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "fcfs",
    .enqueue_task = fcfs_enqueue,
    .dequeue_task = rq_remove,
    .pick_next_task = rq_pop,
    SMP_STEAL(rq_steal)
};
