/* Timers of processes, as many as they want, that tell by a signal that they rang (timer_create()). All in thread context, no lock held.
   Times are those of clock_ns(). */
#pragma once

#include "sched/periodic.h"

struct process;

/* How a timer tells. */
struct timer_notice {
    bool none;     /* not at all */
    bool own_id;   /* the value is the timer's id */
    int signal;
    u64 value;     /* that comes with the signal */
    tid_t thread;  /* the thread of the process that hears it; 0: any */
};

void posix_timers_init(void); /* once, at start */
/* A new timer of the running process, which is not set. Returns its id; -EINVAL: there is no such thread; -EAGAIN: too many, or no
   memory. */
int posix_timer_new(bool real_time, const struct timer_notice *notice);
/* Sets it to ring; absolute: wanted->left is a time. Tells what it was set to. Returns 0 or -EINVAL: there is none, as all that follow. */
int posix_timer_set(int id, bool absolute, const struct timer_setting *wanted, struct timer_setting *before);
int posix_timer_look(int id, struct timer_setting *now);
/* How often it rang between the signal that was heard last being sent and being heard; or an error. */
int posix_timer_overrun(int id);
int posix_timer_delete(int id);
/* The running process p ends, or becomes another program: it has no timers, and no signal of one waits to be heard. */
void posix_timers_end(struct process *p);
