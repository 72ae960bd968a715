/* What a process's nice value is to its threads: a weight. */
#pragma once

#include "sched/attr.h"

#define PRIO_NICE_0 120 /* Linux's scale: -1 is best, a real-time thread's 98 to 0, nice -20 to 19 is 100 to 139 */

/* In Linux's numbers. */
struct sched_numbers {
    int policy, rt_priority, nice, prio;
};

/* What t asked for, and the priority that it has, its own or inherited; process_nice, the nice value of its process, is not what it goes
   by. Its run queue's lock is held. */
static inline struct sched_numbers policy_of_thread(const struct thread *t, int process_nice)
{
    const struct sched_params *asked = &t->se.asked, *p = &t->se.params;

    (void)process_nice;
    return (struct sched_numbers){
        .policy = asked->policy, .rt_priority = asked->rt_priority, .nice = asked->nice,
        .prio = p->policy == SCHED_DEADLINE ? -1 : p->rt_priority ? 99 - p->rt_priority : PRIO_NICE_0 + p->nice,
    };
}

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
