/* What a process's nice value is to its threads: nothing more than their priority says. */
#pragma once

#include "sched/control.h"

/* In Linux's numbers, on a scale where 100 to 139 is nice -20 to 19. */
struct sched_numbers {
    int policy, rt_priority, nice, prio;
};

/* How t is scheduled: all have one policy. process_nice: the nice value of its process. */
static inline struct sched_numbers policy_of_thread(const struct thread *t, int process_nice)
{
    (void)t;
    return (struct sched_numbers){ .nice = process_nice, .prio = 120 + process_nice };
}

static inline void nice_of_thread(tid_t tid, int nice)
{
    (void)tid, (void)nice;
}

static inline int nice_of_child(const struct thread *maker, int nice)
{
    (void)maker;
    return nice;
}
