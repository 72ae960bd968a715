/* What a process's nice value is to its threads: a weight. */
#pragma once

#include "sched/attr.h"

/* The thread's nice value. Any context. */
static inline void nice_of_thread(tid_t tid, int nice)
{
    (void)thread_set_nice(tid, nice);
}

/* The nice value of a process that `maker` makes, whose own has `nice`. */
static inline int nice_of_child(const struct thread *maker, int nice)
{
    const struct sched_params *p = &maker->se.asked;

    if (!p->reset_on_fork)
        return nice;
    return p->policy == SCHED_OTHER || p->policy == SCHED_BATCH ? max(nice, 0) : 0;
}
