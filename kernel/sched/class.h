/* The interface between the scheduler's core and a policy. A class orders threads; it never calls schedule() and never writes a
   thread's state: it sets need_resched, and core.c acts. So a class also compiles on the host and is tested there against its
   model. Every function is called with the run queue's lock held and interrupts off. NULL where a class has nothing to do. */
#pragma once

#include "base/thread.h"

struct rq;

enum enqueue_why {
    ENQUEUE_NEW,   /* runs for the first time */
    ENQUEUE_YIELD, /* gave up the CPU but wants to go on */
    ENQUEUE_PREEMPTED, /* had to give up the CPU (phase 2) */
    ENQUEUE_WAKE,  /* waited, and was woken (phase 2) */
    ENQUEUE_CHANGED, /* its priority or policy changed while it was queued (phase 2), or it comes from another CPU's queue (phase 4) */
};

/* Hears of one of a thread's numbers (account.h). */
enum tell_as { TELL_NUMBER, TELL_NS };
typedef void sched_teller(void *to, const char *name, s64 value, enum tell_as as);

struct sched_class {
    enum sched_class_id id;
    const char *name;
    /* A READY thread joins the queue. */
    void (*enqueue_task)(struct rq *rq, struct thread *t, enum enqueue_why why);
    /* A queued thread leaves it without having been picked. */
    void (*dequeue_task)(struct rq *rq, struct thread *t);
    /* Chooses who runs next and takes it off the queue; NULL if nobody of this class is ready. */
    struct thread *(*pick_next_task)(struct rq *rq);
    /* t stops running now, for whatever reason; if it stays READY, enqueue_task() was called before. RUNNING: it goes on, under another
       class (phase 5). */
    void (*put_prev_task)(struct rq *rq, struct thread *t);
    /* t, which runs, has come to this class; NULL: that needs nothing (phase 5). */
    void (*set_curr_task)(struct rq *rq, struct thread *t);
    /* The timer ticked while t ran (phase 2). */
    void (*task_tick)(struct rq *rq, struct thread *t);
    /* t was just made by the running thread and is not queued yet. */
    void (*task_fork)(struct rq *rq, struct thread *t);
    /* t's nice value becomes nice; t may run, wait or sleep (phase 5). */
    void (*set_nice)(struct rq *rq, struct thread *t, int nice);
    /* t just became ready: set need_resched if it has to run before the current thread (phase 2). */
    void (*check_preempt_curr)(struct rq *rq, struct thread *t);
    /* Some queued thread that may go to CPU dst, of those that would wait longest; NULL: none. It stays in the queue (phase 4). */
    struct thread *(*steal_task)(struct rq *rq, int dst);
};

extern const struct sched_class rr_class, fcfs_class, idle_class;
#if PHASE >= 2
extern const struct sched_class sjf_class, prio_class, mlfq_class;
#endif

/* The classes in order, highest first, ended by NULL. The last one is idle_class, which always has a thread to offer. */
extern const struct sched_class *sched_classes[];
/* The policies that normal threads may have, in the order of the boot option's choices, ended by NULL; and the one in force. */
extern const struct sched_class *const sched_policies[];
extern const struct sched_class *normal_class;
