/* A second solution of lab 2.1: the end of the quantum is computed and compared with, and current() is asked instead of rq->curr. */
#include "sched/preempt.h"

void sched_tick(struct rq *rq)
{
    void (*tick)(struct rq *rq, struct thread *t) = current()->class->task_tick;

    rq->nr_ticks += 1;
    if (!tick)
        return;
    tick(rq, current());
}

void rr_tick(struct rq *rq, struct thread *t)
{
    u64 end = t->slice_start + rr_quantum(t);

    if ((s64)(thread_ran(rq, t) - end) < 0)
        return;
    resched(rq);
}

void preempt_locked(struct rq *rq)
{
    thread_set_state(current(), THREAD_READY);
    sched_enqueue(this_rq(), current(), ENQUEUE_PREEMPTED);
    schedule(rq);
}
