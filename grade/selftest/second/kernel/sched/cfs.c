/* A second solution of lab 5.1's CFS: every rule is a virtual time of its own, and two of them are compared in one place. */
#include "sched/fair.h"

static u64 later(u64 a, u64 b)
{
    return vtime_before(a, b) ? b : a;
}

/* The virtual time in which e, running alone, runs for so many ns. */
static u64 own_time(const struct fair_entity *e, u64 ns)
{
    return ns * NICE_0_WEIGHT / e->weight;
}

struct fair_entity *cfs_first(struct rq *rq)
{
    struct rb_node *node = rq->classes.fair.tree.leftmost;

    if (!node)
        return NULL;
    return rb_entry(node, struct fair_entity, node);
}

void cfs_update_min(struct rq *rq)
{
    struct fair_entity *members[] = { cfs_first(rq), fair_running(rq) }, *least = NULL;

    for (unsigned i = 0; i < array_len(members); i++) {
        if (members[i] && (!least || vtime_before(members[i]->vruntime, least->vruntime)))
            least = members[i];
    }
    if (least)
        rq->classes.fair.min_vruntime = later(rq->classes.fair.min_vruntime, least->vruntime);
}

u64 cfs_slice(const struct rq *rq, const struct fair_entity *e)
{
    const struct fair_rq *queue = &rq->classes.fair;
    u64 shortest = queue->nr * MIN_GRANULARITY_NS, part;

    part = (shortest > SCHED_LATENCY_NS ? shortest : SCHED_LATENCY_NS) * e->weight / queue->weight;
    return part > MIN_GRANULARITY_NS ? part : MIN_GRANULARITY_NS;
}

/* Where a new thread stands: beside who runs, and behind its own first slice. */
static u64 begin_of_new(struct rq *rq, struct fair_entity *e)
{
    struct fair_entity *beside = fair_running(rq);
    u64 min_vruntime = rq->classes.fair.min_vruntime;

    return later(beside ? beside->vruntime : min_vruntime, min_vruntime + own_time(e, cfs_slice(rq, e)));
}

void cfs_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    struct fair_entity *e = &t->se.fair, *first = cfs_first(rq);

    if (why == ENQUEUE_NEW)
        e->vruntime = begin_of_new(rq, e);
    else if (why == ENQUEUE_WAKE)
        e->vruntime = later(e->vruntime, rq->classes.fair.min_vruntime - SCHED_LATENCY_NS / 2);
    else if (why == ENQUEUE_YIELD && first)
        e->vruntime = later(e->vruntime, first->vruntime);
}

void cfs_tick(struct rq *rq, struct fair_entity *e)
{
    struct fair_entity *first = cfs_first(rq);
    u64 turn = thread_of_fair(e)->se.charged - e->picked_at;

    if (!first || vtime_before(e->vruntime, first->vruntime))
        return;
    if (turn >= cfs_slice(rq, e))
        resched(rq);
}

void cfs_check_preempt(struct rq *rq, struct thread *t, struct fair_entity *e)
{
    struct fair_entity *woken = &t->se.fair;

    if (vtime_before(woken->vruntime + own_time(woken, CFS_WAKEUP_GRANULARITY_NS), e->vruntime))
        resched(rq);
}
