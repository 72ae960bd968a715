/* A second solution of lab 1.4: by current() instead of rq->curr, and in another order where the order is free. */
#include "sched/sched.h"

void yield_locked(struct rq *rq)
{
    thread_set_state(current(), THREAD_READY);
    sched_enqueue(this_rq(), current(), ENQUEUE_YIELD);
    schedule(rq);
}

void switch_to(struct rq *rq, struct thread *prev, struct thread *next)
{
    u64 **save = &prev->rsp, *to = next->rsp;

    set_current(next);
    rq->curr = current();
    thread_set_state(current(), THREAD_RUNNING);
    switch_context(save, to);
}
