/* CFS, the completely fair scheduler (after Linux 2.6.23 to 6.5): lab 5.1. Whoever has had least virtual time runs next, for its part of
   a period in which everybody has a turn. Lock: the run queue's. */
#include "sched/fair.h"
#include "base/lab.h"

void cfs_update_min(struct rq *rq)
{
#if SOLVED >= 501
    struct fair_rq *fair = &rq->classes.fair;
    const struct fair_entity *running = fair_running(rq), *first = fair_of(fair->tree.leftmost), *least = running;

    if (first && (!least || vtime_before(first->vruntime, least->vruntime)))
        least = first;
    if (least && vtime_before(fair->min_vruntime, least->vruntime))
        fair->min_vruntime = least->vruntime;
#else
    /* Members are who waits (tree.leftmost has had least) and who runs (fair_running()). Virtual time wraps: vtime_before(). */
    (void)rq;
    lab_stub("5.1", "cfs_update_min");
#endif
}

u64 cfs_slice(const struct rq *rq, const struct fair_entity *e)
{
#if SOLVED >= 501
    const struct fair_rq *fair = &rq->classes.fair;
    u64 period = max(SCHED_LATENCY_NS, fair->nr * MIN_GRANULARITY_NS);

    return max(MIN_GRANULARITY_NS, period * e->weight / fair->weight);
#else
    /* All members' slices make up SCHED_LATENCY_NS, unless they are too many: none is shorter than MIN_GRANULARITY_NS. */
    (void)rq, (void)e;
    lab_stub("5.1", "cfs_slice");
    return SCHED_LATENCY_NS;
#endif
}

void cfs_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
#if SOLVED >= 501
    const struct fair_rq *fair = &rq->classes.fair;
    struct fair_entity *e = &t->se.fair;
    const struct fair_entity *running = fair_running(rq), *first = fair_of(fair->tree.leftmost);
    u64 least = e->vruntime;

    if (why == ENQUEUE_WAKE)
        least = fair->min_vruntime - SCHED_LATENCY_NS / 2;
    else if (why == ENQUEUE_YIELD && first)
        least = first->vruntime;
    if (why == ENQUEUE_NEW) {
        e->vruntime = running ? running->vruntime : fair->min_vruntime;
        least = fair->min_vruntime + cfs_slice(rq, e) * NICE_0_WEIGHT / e->weight;
    }
    if (vtime_before(e->vruntime, least))
        e->vruntime = least;
#else
    /* Who slept long must not have the CPU to itself for as long; a new one must not gain by being new; who yields lets at least the first
       one go before it. Who lost the CPU keeps what it has had. */
    (void)rq, (void)t, (void)why;
    lab_stub("5.1", "cfs_place");
#endif
}

struct fair_entity *cfs_first(struct rq *rq)
{
#if SOLVED >= 501
    return fair_of(rq->classes.fair.tree.leftmost);
#else
    lab_stub("5.1", "cfs_first");
    return fair_of(rq->classes.fair.tree.rightmost);
#endif
}

void cfs_tick(struct rq *rq, struct fair_entity *e)
{
#if SOLVED >= 501
    const struct fair_entity *first = fair_of(rq->classes.fair.tree.leftmost);
    u64 turn = thread_of_fair(e)->se.charged - e->picked_at;

    if (first && turn >= cfs_slice(rq, e) && !vtime_before(e->vruntime, first->vruntime))
        resched(rq);
#else
    /* e->picked_at is thread_of_fair(e)->se.charged when its turn began. Would it be picked again? */
    (void)e;
    lab_stub("5.1", "cfs_tick");
    resched(rq);
#endif
}

void cfs_check_preempt(struct rq *rq, struct thread *t, struct fair_entity *e)
{
#if SOLVED >= 501
    if ((s64)(e->vruntime - t->se.fair.vruntime) > (s64)(CFS_WAKEUP_GRANULARITY_NS * NICE_0_WEIGHT / t->se.fair.weight))
        resched(rq);
#else
    /* By more than CFS_WAKEUP_GRANULARITY_NS of t's own time: otherwise two threads that wake each other would switch all the time. */
    (void)rq, (void)t, (void)e;
    lab_stub("5.1", "cfs_check_preempt");
#endif
}
