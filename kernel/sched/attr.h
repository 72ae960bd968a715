/* How a thread is scheduled: its policy and numbers. Thread context, no spinlock held. */
#pragma once

#include "sched/control.h"

/* The thread is scheduled so from now on, whether it waits, runs, sleeps or is throttled. p is valid (sched_params_check()). Returns 0,
   -ESRCH, -EBUSY (SCHED_DEADLINE: no CPU has so much left), or -EPERM (SCHED_DEADLINE: it may not run on all CPUs). */
int thread_set_params(tid_t tid, const struct sched_params *p);
/* -ESRCH. */
int thread_get_params(tid_t tid, struct sched_params *p);
/* Only its nice value; nothing happens at once if its policy has none. */
int thread_set_nice(tid_t tid, int nice);
/* Whether these are numbers that some thread may have: 0 or -EINVAL. */
int sched_params_check(const struct sched_params *p);
