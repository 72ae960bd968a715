/* A second solution of lab 2.6b: whether the top is reached is compared by product, and each reason to join the queue is a case. */
#include "sched/policies.h"
#include "sched/preempt.h"
#include "sched/wait.h"

int prio_level(const struct rq *rq, const struct thread *t)
{
    const int top = PRIO_LEVELS - 1;
    int own = thread_effective(t);
    u64 waited = rq->clock - t->since;

    if (waited >= (u64)(top - own) * policy.ageing)
        return top;
    return own + (int)(waited / policy.ageing);
}

static void begin_quantum(struct rq *rq, struct thread *t)
{
    t->slice_start = thread_ran(rq, t);
}

void prio_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    bool over = thread_ran(rq, t) - t->slice_start >= rr_quantum(t);

    switch (why) {
    case ENQUEUE_CHANGED:
        return;
    case ENQUEUE_PREEMPTED:
        if (!over)
            return;
        begin_quantum(rq, t);
        break;
    case ENQUEUE_YIELD:
        begin_quantum(rq, t);
        break;
    case ENQUEUE_NEW:
    case ENQUEUE_WAKE:
        if (over)
            begin_quantum(rq, t);
        break;
    }
    t->since = rq->clock;
}
