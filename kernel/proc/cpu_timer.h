/* What rings by the CPU time that a process uses: setitimer()'s ITIMER_VIRTUAL and ITIMER_PROF, and the limit RLIMIT_CPU. The CPU's time is
   one number a thread (usage.c), so the first two count the same. Lock: processes_lock. */
#pragma once

#include "sched/periodic.h"

struct process;

enum cpu_timer {
    CPU_TIMER_VIRTUAL, /* SIGVTALRM */
    CPU_TIMER_PROF,    /* SIGPROF */
    CPU_TIMERS,
};

struct cpu_timers {
    struct timer timer; /* looks whether one has come */
    struct {
        u64 at;       /* [p] ns of CPU time at which it rings; 0: never */
        u64 interval; /* [p] ns; 0: once */
    } of[CPU_TIMERS];
};

/* Sets one of the running process's timers, and tells what it was set to. Thread context, no lock held. */
void cpu_timer_set(enum cpu_timer which, const struct timer_setting *new, struct timer_setting *old);
void cpu_timer_get(enum cpu_timer which, struct timer_setting *now);
/* RLIMIT_CPU of p has changed, or p is new and has one. Thread context, no lock held. */
void cpu_limit_changed(struct process *p);
