/* Ageing: lab 2.6b. A thread that waits rises, so that none waits for ever. The run queue's lock is held, interrupts are off.

   Nothing is counted up while a thread waits: t->since (cycles, compared with rq->clock) says when its wait began, and its level follows
   from that whenever somebody asks. That costs nothing at a tick, however many wait:

       level = min(PRIO_LEVELS - 1, p + floor((rq->clock - t->since) / policy.ageing)),   p = thread_effective(t)

   What it has risen is its own for one turn: it keeps it until its quantum is used up or it gives up the CPU, then the wait begins anew
   at p. So the wait is bounded: after (Pmax - p) A a thread is at the top, where the N others that may be there pass it by once at most,
   a turn of a quantum q each; a new one comes behind it. wait <= (Pmax - p) A + N q, and up to a tick more for each turn, since a used-up
   quantum is noticed at a tick. No overflow: the difference of two readings of the clock is far below 2^63, and it is compared before it
   becomes an int. */
#include "base/lab.h"
#include "sched/policies.h"
#include "sched/preempt.h"
#include "sched/wait.h"

int prio_level(const struct rq *rq, const struct thread *t)
{
#if SOLVED >= 206
    int p = thread_effective(t);
    u64 risen = (rq->clock - t->since) / policy.ageing;

    return risen < (u64)(PRIO_LEVELS - 1 - p) ? p + (int)risen : PRIO_LEVELS - 1;
#else
    /* Nobody rises. Do not change t's own priority to make it rise: how would you find back to it? */
    (void)rq;
    lab_stub("2.6b", "prio_level");
    return thread_effective(t);
#endif
}

void prio_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
#if SOLVED >= 206
    u64 ran = thread_ran(rq, t);
    bool over = ran - t->slice_start >= rr_quantum(t);

    if (why == ENQUEUE_CHANGED || (why == ENQUEUE_PREEMPTED && !over))
        return; /* its wait, or its turn, goes on */
    if (over || why == ENQUEUE_YIELD)
        t->slice_start = ran;
    t->since = rq->clock;
#else
    /* Every wait begins when the thread joins the queue, and every turn with it. Whose wait has not ended, though it comes to the queue
       again? Who keeps what is left of its quantum? And what does a thread get that always sleeps just before its quantum is used up? */
    (void)why;
    lab_stub("2.6b", "prio_place");
    t->slice_start = thread_ran(rq, t);
    t->since = rq->clock;
#endif
}
