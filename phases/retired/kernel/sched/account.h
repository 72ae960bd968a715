/* What is counted for /proc: nothing, as long as there is none. */
#pragma once

#include "sched/rq.h"

static inline void thread_wait_settle(struct rq *rq, struct thread *t)
{
    (void)rq, (void)t;
}
