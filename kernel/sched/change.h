/* Changing what the scheduler goes by: a thread's priority, inherited or its own, its policy and its numbers. Whoever is queued stands
   where the old value put it: so it is taken out before the change and put back after it. Lock: its run queue's, over both. */
#pragma once

#include "sched/sched.h"

struct sched_change {
    struct rq *rq;
    struct thread *t;
    bool queued;
};

/* moves: whether t's place is up to what changes; if not, t keeps it. */
static inline struct sched_change sched_change_begin(struct rq *rq, struct thread *t, bool moves)
{
    struct sched_change change = { rq, t, moves && t->state == THREAD_READY };

    if (change.queued)
        sched_dequeue(rq, t);
    return change;
}

/* Who stands in its queue anew may have another place, and come before who runs. changed: it is another value now; then who runs makes room
   if it is its own. */
static inline void sched_change_end(const struct sched_change *change, bool changed)
{
    if (change->queued)
        sched_enqueue(change->rq, change->t, ENQUEUE_CHANGED);
    if (changed || change->queued)
        sched_check_priorities(change->rq, change->t);
}
