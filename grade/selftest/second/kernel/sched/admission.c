/* A second solution of lab 5.5b: what is free is asked, not what is taken; a 0-lag time is a lag's formula. */
#include "sched/deadline.h"
#include "sched/fair.h"

u64 deadline_bandwidth(const struct sched_params *p)
{
    u64 period = deadline_period(p), all = p->runtime << DL_BANDWIDTH_SHIFT;

    return all / period + (all % period != 0);
}

/* What others gave back, or have not to keep any longer, is free from now on. */
static void free_what_is_due(struct rq *rq)
{
    struct dl_rq *dl = &rq->classes.dl;

    dl->bandwidth -= __atomic_exchange_n(&dl->returned, 0, __ATOMIC_ACQ_REL);
    if ((s64)(rq_now(rq) - dl->leaving_at) >= 0) {
        dl->bandwidth -= dl->leaving;
        dl->leaving = 0;
    }
}

bool admission_take(struct rq *rq, struct thread *t, u64 bandwidth)
{
    struct dl_rq *dl = &rq->classes.dl;
    u64 others;

    free_what_is_due(rq);
    others = dl->bandwidth - t->se.dl.bandwidth;
    if (class_options.dl_bandwidth && others + bandwidth > class_options.dl_bandwidth)
        return false;
    dl->bandwidth = others + bandwidth;
    t->se.dl.bandwidth = bandwidth;
    return true;
}

/* How long, ns, t's budget lasts if it is used evenly; negative if it is overdrawn. */
static s64 lasts(const struct thread *t)
{
    return scale(t->se.dl.budget, 1ul << DL_BANDWIDTH_SHIFT, t->se.dl.bandwidth);
}

void admission_give(struct rq *rq, struct thread *t)
{
    struct dl_rq *dl = &rq->classes.dl;
    u64 bandwidth = t->se.dl.bandwidth, until;

    if (!bandwidth)
        return;
    free_what_is_due(rq);
    until = t->se.dl.deadline - (u64)lasts(t);
    t->se.dl.bandwidth = 0;
    if ((s64)(until - rq_now(rq)) <= 0) {
        dl->bandwidth -= bandwidth;
        return;
    }
    if (!dl->leaving || (s64)(until - dl->leaving_at) > 0)
        dl->leaving_at = until;
    dl->leaving += bandwidth;
}
