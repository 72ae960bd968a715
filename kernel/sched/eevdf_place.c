/* EEVDF's members come and go: lab 5.3. What a thread is owed, its lag, is the queue's virtual time less its own, times its weight. It
   must be neither lost nor made by sleeping, by moving to another CPU, or by getting another weight. Lock: the run queue's. */
#include "sched/fair.h"
#include "base/lab.h"

void eevdf_keep_lag(struct rq *rq, struct fair_entity *e)
{
#if SOLVED >= 503
    u64 vtime = eevdf_vtime(rq);
    s64 most = (s64)(max(2 * e->slice, class_options.tick_ns) * NICE_0_WEIGHT / e->weight);

    e->vlag = min(max((s64)(vtime - e->vruntime), -most), most);
    e->ahead = (s64)(e->deadline - e->vruntime);
#else
    /* e->vlag, between -most and most: two requests, or a tick if that is longer, in virtual time. e->ahead: how far its deadline lies
       ahead of it. Neither says anything about this queue's own virtual time. */
    (void)rq, (void)e;
    lab_stub("5.3", "eevdf_keep_lag");
#endif
}

void eevdf_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
#if SOLVED >= 503
    const struct fair_rq *fair = &rq->classes.fair;
    struct fair_entity *e = &t->se.fair;
    u64 vtime = eevdf_vtime(rq);

    if (why == ENQUEUE_NEW || e->newcomer)
        e->vlag = 0;
    /* Its coming moves the queue's virtual time towards it: by what that takes from its lag, more is given. */
    e->vruntime = fair->weight ? vtime - (u64)scale(e->vlag, fair->weight + e->weight, fair->weight) : vtime;
    if (why == ENQUEUE_NEW)
        e->deadline = e->vruntime + e->slice / 2 * NICE_0_WEIGHT / e->weight;
    else if (why == ENQUEUE_CHANGED && !e->newcomer)
        e->deadline = e->vruntime + (u64)e->ahead;
    else
        e->deadline = e->vruntime + eevdf_request(e);
#else
    /* Where must it stand so that, when it is a member, it is owed e->vlag? A new thread, and one that comes from another class
       (e->newcomer), is owed nothing; a new one's first request is half as long. Who comes from another CPU, or changed otherwise
       (ENQUEUE_CHANGED), goes on with the request that it had. */
    (void)why;
    t->se.fair.vruntime = eevdf_vtime(rq);
    t->se.fair.deadline = t->se.fair.vruntime + eevdf_request(&t->se.fair);
    lab_stub("5.3", "eevdf_place");
#endif
}

void eevdf_yield(struct fair_entity *e)
{
#if SOLVED >= 503
    if ((s64)(e->deadline - e->vruntime) <= (s64)eevdf_request(e))
        e->deadline += eevdf_request(e);
#else
    /* The next request begins where this one would have ended. However often it yields: its deadline is never further away than that. */
    (void)e;
    lab_stub("5.3", "eevdf_yield");
#endif
}

void eevdf_reweight(struct rq *rq, struct fair_entity *e, u32 weight)
{
#if SOLVED >= 503
    struct fair_rq *fair = &rq->classes.fair;
    u64 vtime = eevdf_vtime(rq);

    if (e->member) {
        fair->sum -= (s64)(e->vruntime - fair->zero) * e->weight;
        e->deadline = vtime + (u64)scale((s64)(e->deadline - vtime), e->weight, weight);
        e->vruntime = vtime - (u64)scale((s64)(vtime - e->vruntime), e->weight, weight);
        fair->sum += (s64)(e->vruntime - fair->zero) * weight;
        fair->weight += (u64)weight - e->weight; /* as 64-bit numbers: it may be less */
    } else {
        e->vlag = scale(e->vlag, e->weight, weight);
        e->ahead = scale(e->ahead, e->weight, weight);
    }
    e->weight = weight;
#else
    /* What it is owed stays: twice the weight, half as far from the queue's virtual time. Which of the sums does that change? */
    lab_stub("5.3", "eevdf_reweight");
    if (e->member)
        rq->classes.fair.weight += (u64)weight - e->weight;
    e->weight = weight;
#endif
}
