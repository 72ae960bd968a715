/* The scheduling classes, highest first: DEADLINE, RT, NORMAL, IDLE. What core.c, thread.c, timer.c and balance.h call for them. */
#pragma once

#include "base/trace.h"
#include "sched/rq.h"

extern const struct sched_class deadline_class, rt_class, cfs_class, eevdf_class, background_class;

/* Around the policy of normal threads in the table of classes; and the policies that phase 5 brings. */
#define CLASSES_ABOVE &deadline_class, &rt_class,
#define CLASSES_BELOW &background_class,
#define CLASSES_NORMAL 2 /* the policy's place in the table */
#define CLASSES_POLICIES &eevdf_class, &cfs_class,

/* Boot options, read once at start. The grader's models read them, too. */
extern struct class_options {
    u64 rt_period_ns;  /* `rt_period=` */
    u64 rt_runtime_ns; /* `rt_runtime=`; 0, or the whole period: no limit */
    u64 dl_bandwidth;  /* `dl_bandwidth=`: what deadline threads may reserve of a CPU, in units of 2^-20; 0 = any amount */
    u64 tick_ns;       /* from one tick to the next */
} class_options;

void class_options_init(void);
/* For rq, when it is made. */
void classes_rq_init(struct rq *rq);

/* Clock of the classes: ns since the clock started at which rq's lock was taken, and ns that t has run until then. */
static inline u64 rq_now(const struct rq *rq)
{
    return cycles_to_ns(rq->clock - clock_base);
}

/* t, which is new, gets its policy and numbers: those of its maker `from`, or the defaults (NULL). */
void class_thread_init(struct thread *t, const struct thread *from);
/* Whether from may not make a thread like itself: -EAGAIN, or 0. */
int class_fork_error(const struct thread *from);
/* The class of a new thread. */
const struct sched_class *class_of_new(const struct thread *t);
/* After a new thread's CREATE record, if it does not have the defaults. */
void class_trace_new(const struct thread *t);
/* The policy of normal threads has become another one: whoever had the one before follows, and has nothing to go by there. */
void class_follow(struct thread *t);

/* t is ready, and not to run: its class, or t itself, has used up its share. */
static inline bool class_held_back(const struct rq *rq, const struct thread *t)
{
    if (likely(t->class_id >= SCHED_CLASS_NORMAL))
        return false;
    return t->class_id == SCHED_CLASS_RT ? rq->classes.rt.throttled : t->se.dl.throttled;
}

/* The record of t's numbers behind that of a decision. rq->lock held, the trace is on. */
void class_trace_entity(struct rq *rq, const struct thread *t);
/* What t's class keeps of it, as thread_tell() has it. rq->lock held. */
void class_tell(struct rq *rq, const struct thread *t, sched_teller *tell, void *to);
/* t has just come to the class that t->class names, as se.params say: it has nothing to go by there yet. rq->lock held. */
void class_enters(struct rq *rq, struct thread *t);
/* t, which stands in no queue, goes by p from now on, and what it has in its class, or in the next one, follows. lent: p is not what it
   asked for; due: nor is its deadline, ns (0: it has its own, or none). rq->lock held. */
void class_change(struct rq *rq, struct thread *t, const struct sched_params *p, bool lent, u64 due);
/* The records of what t goes by. */
void class_trace_policy(const struct rq *rq, const struct thread *t);
/* A class has an event at another time than before: rq->classes.next_event follows, and the timer. rq->lock held. */
void classes_note_event(struct rq *rq);
/* p but for its times, in one word, as the trace has it. */
u64 class_params_word(const struct sched_params *p);

/* t comes to rq from another CPU's queue: its vruntime follows. Returns what the record of that says. */
u64 class_arrives(struct rq *rq, struct thread *t);

static inline u64 classes_next_event(const struct rq *rq)
{
    return rq->classes.next_event;
}

/* Whatever of the classes is due at `now` (ns). rq->lock held, rq is this CPU's. */
void classes_run_events(struct rq *rq, u64 now);

/* The CPUs on which t may run, as it was asked for. */
static inline u64 class_mask(const struct thread *t)
{
    return __atomic_load_n(t->se.asked.policy == SCHED_DEADLINE ? &t->se.dl.allowed : &t->cpu_mask, __ATOMIC_RELAXED);
}

/* t is to run on *mask from now on: sets that to where it really is to. Returns 0, or -EPERM: a deadline thread may run anywhere. rq->lock
   held. */
int class_set_mask(struct thread *t, u64 *mask);

/* How many threads run or wait on rq's CPU and are no load. */
static inline u32 class_no_load(const struct rq *rq)
{
    return __atomic_load_n(&rq->classes.background.nr, __ATOMIC_RELAXED);
}
