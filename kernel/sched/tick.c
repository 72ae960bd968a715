/* The tick and what follows from it: lab 2.1. Called with the run queue's lock held and interrupts off. */
#include "base/lab.h"
#include "sched/preempt.h"

void sched_tick(struct rq *rq)
{
#if SOLVED >= 201
    struct thread *t = rq->curr;

    rq->nr_ticks++;
    if (t->class->task_tick)
        t->class->task_tick(rq, t);
#else
    /* Count it. Whose time has passed? Its class knows what that means, if anything. */
    (void)rq;
    lab_stub("2.1", "sched_tick");
#endif
}

void rr_tick(struct rq *rq, struct thread *t)
{
#if SOLVED >= 201
    if (thread_ran(rq, t) - t->slice_start >= rr_quantum(t))
        resched(rq);
#else
    /* A policy does not switch: it says that a switch is due. */
    (void)rq, (void)t;
    lab_stub("2.1", "rr_tick");
#endif
}

void preempt_locked(struct rq *rq)
{
#if SOLVED >= 201
    struct thread *me = rq->curr;

    thread_set_state(me, THREAD_READY);
    sched_enqueue(rq, me, ENQUEUE_PREEMPTED);
    schedule(rq);
#else
    /* Like a yield, but the class must know that the thread did not leave of its own will. */
    lab_stub("2.1", "preempt_locked");
    spin_unlock(&rq->lock);
#endif
}
