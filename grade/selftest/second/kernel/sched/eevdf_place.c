/* A second solution of lab 5.3: a place is a distance from V behind and one ahead, and a weight changes distances only; who is a member is
   counted out with the old weight and in again with the new one. */
#include "sched/fair.h"

void eevdf_keep_lag(struct rq *rq, struct fair_entity *e)
{
    u64 ns = 2 * e->slice;
    s64 owed = (s64)(eevdf_vtime(rq) - e->vruntime), most;

    if (ns < class_options.tick_ns)
        ns = class_options.tick_ns;
    most = (s64)(ns * NICE_0_WEIGHT / e->weight);
    if (owed > most)
        owed = most;
    else if (owed < -most)
        owed = -most;
    e->vlag = owed;
    e->ahead = (s64)(e->deadline - e->vruntime);
}

/* How far behind its v the deadline of t's first request here lies. */
static u64 first_request(const struct fair_entity *e, enum enqueue_why why)
{
    if (why == ENQUEUE_NEW)
        return e->slice / 2 * NICE_0_WEIGHT / e->weight;
    if (why == ENQUEUE_CHANGED && !e->newcomer)
        return (u64)e->ahead;
    return eevdf_request(e);
}

void eevdf_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    struct fair_entity *e = &t->se.fair;
    u64 others = rq->classes.fair.weight;
    s64 behind = e->newcomer || why == ENQUEUE_NEW || !others ? 0 : scale(e->vlag, others + e->weight, others);

    e->vruntime = eevdf_vtime(rq) - (u64)behind;
    e->deadline = e->vruntime + first_request(e, why);
}

void eevdf_yield(struct fair_entity *e)
{
    u64 request = eevdf_request(e);

    if (!vtime_before(e->vruntime + request, e->deadline))
        e->deadline += request;
}

/* What e adds to S, or takes away. */
static s64 part_of_sum(struct rq *rq, const struct fair_entity *e)
{
    return (s64)(e->vruntime - rq->classes.fair.zero) * (s64)e->weight;
}

/* e gets another weight; two distances from V follow. */
static void rescale(struct fair_entity *e, u32 weight, s64 *one, s64 *other)
{
    *one = scale(*one, e->weight, weight);
    *other = scale(*other, e->weight, weight);
    e->weight = weight;
}

void eevdf_reweight(struct rq *rq, struct fair_entity *e, u32 weight)
{
    struct fair_rq *queue = &rq->classes.fair;
    s64 behind, due;
    u64 v;

    if (!e->member) {
        rescale(e, weight, &e->vlag, &e->ahead);
        return;
    }
    v = eevdf_vtime(rq);
    behind = (s64)(v - e->vruntime);
    due = (s64)(e->deadline - v);
    queue->sum -= part_of_sum(rq, e);
    queue->weight -= e->weight;
    rescale(e, weight, &behind, &due);
    e->vruntime = v - (u64)behind;
    e->deadline = v + (u64)due;
    queue->weight += weight;
    queue->sum += part_of_sum(rq, e);
}
