/* A second solution of lab 2.7: the best level among the first ones is found before one of them is chosen, and going down and going behind
   are separate steps. */
#include "sched/policies.h"
#include "sched/preempt.h"

static u64 boost_now(const struct rq *rq)
{
    return rq->clock / policy.mlfq_boost;
}

unsigned mlfq_level(const struct rq *rq, const struct thread *t)
{
    if (t->mlfq.boost < boost_now(rq))
        return 0;
    return t->mlfq.level;
}

static void come_to(struct rq *rq, struct thread *t, u8 level)
{
    t->mlfq.level = level;
    t->mlfq.allotment_start = thread_ran(rq, t);
    t->slice_start = thread_ran(rq, t);
}

void mlfq_catch_up(struct rq *rq, struct thread *t)
{
    if (t->mlfq.boost < boost_now(rq)) {
        come_to(rq, t, 0);
        t->mlfq.boost = boost_now(rq);
    }
}

/* Whether t has reached one of the limits, a turn's or a level's; *down: the latter. */
static bool limit_reached(struct rq *rq, struct thread *t, bool *down)
{
    u64 ran = thread_ran(rq, t);
    unsigned level = t->mlfq.level;

    *down = level + 1 < MLFQ_LEVELS && ran >= t->mlfq.allotment_start + policy.mlfq_allotment[level];
    return *down || ran >= t->slice_start + policy.mlfq_quantum[level];
}

void mlfq_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    bool down, behind;

    mlfq_catch_up(rq, t);
    behind = limit_reached(rq, t, &down);
    if (down)
        come_to(rq, t, t->mlfq.level + 1);
    if (why == ENQUEUE_CHANGED)
        return;
    if (behind || why != ENQUEUE_PREEMPTED) {
        t->slice_start = thread_ran(rq, t);
        t->since = rq->clock;
    }
}

static struct thread *head(struct rq *rq, unsigned i)
{
    struct list *list = &rq->mlfq.level[i];

    return list_empty(list) ? NULL : list_entry(list->next, struct thread, run_link);
}

struct thread *mlfq_first(struct rq *rq)
{
    unsigned best = MLFQ_LEVELS;
    struct thread *first = NULL;

    for (unsigned i = 0; i < MLFQ_LEVELS; i++)
        if (head(rq, i))
            best = min(best, mlfq_level(rq, head(rq, i)));
    for (unsigned i = 0; i < MLFQ_LEVELS; i++) {
        struct thread *t = head(rq, i);

        if (t && mlfq_level(rq, t) == best && (!first || ready_before(t, first)))
            first = t;
    }
    return first;
}

void mlfq_tick(struct rq *rq, struct thread *t)
{
    bool down;

    mlfq_catch_up(rq, t);
    if (limit_reached(rq, t, &down))
        resched(rq);
}

void mlfq_check_preempt(struct rq *rq, struct thread *t)
{
    unsigned its = mlfq_level(rq, t);

    mlfq_catch_up(rq, rq->curr);
    if (rq->curr->mlfq.level > its)
        resched(rq);
}
