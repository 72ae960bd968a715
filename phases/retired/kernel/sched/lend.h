/* Priority inheritance across the scheduling classes: as long as there is one class, a level is a priority and nothing else. */
#pragma once

#include "sched/rq.h"

struct thread;

static inline int class_level(const struct thread *t, int normal)
{
    (void)t;
    return normal;
}

static inline bool class_lend(struct rq *rq, struct thread *t)
{
    (void)rq, (void)t;
    return false;
}

static inline void class_lend_again(struct rq *rq, struct thread *t)
{
    (void)rq, (void)t;
}

static inline void deadline_offer(struct thread *me)
{
    (void)me;
}

static inline void deadline_offers(struct thread *t)
{
    (void)t;
}
