/* Round-robin: everybody in turn. A thread that gives up the CPU goes behind all who wait. */
#include "sched/rq.h"

static void rr_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    (void)why;
    rq_push(rq, t);
}

const struct sched_class rr_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "rr",
    .enqueue_task = rr_enqueue,
    .dequeue_task = rq_remove,
    .pick_next_task = rq_pop,
};
