/* The scheduler's core: the one place that switches threads. */
#pragma once

#include "base/assert.h"
#include "base/trace.h"
#include "sched/classes.h"
#include "sched/rq.h"
#include "sched/smp.h"

/* Makes this CPU's run queue, with the running boot thread as its current thread. Each CPU once, interrupts off, after slab_init(). */
void scheduler_init(void);

/* Chooses the next thread and switches to it. Entered with interrupts off and rq->lock held, by the current thread, which has
   left the state RUNNING before (READY and queued, or ZOMBIE). Returns when this thread is picked again - on whatever CPU, so
   re-read this_cpu() - with interrupts off and no lock held. */
void schedule(struct rq *rq);

/* Makes `class` the policy of normal threads. At start, or while no thread is queued. */
void sched_set_normal_class(const struct sched_class *class);

/* What sched_enqueue() asserts. */
void sched_check_enqueue(const struct rq *rq, const struct thread *t);

/* Writes a record with what the models need to know of t: arg[0] = arg, arg[1] to arg[3] as base/trace.h says. rq->lock held. */
__attribute__((noinline, cold)) void sched_trace(enum trace_event event, const struct rq *rq, const struct thread *t, u64 arg);

/* What is left of sched_enqueue() where it is traced, or other CPUs have to do with it. */
__attribute__((noinline, cold)) void sched_enqueue_slowly(struct rq *rq, struct thread *t, enum enqueue_why why);

/* A READY thread joins rq: the wrapper around its class's enqueue_task that counts and traces. rq->lock held. */
static inline void sched_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    if (IS_CHECKED)
        sched_check_enqueue(rq, t);
    if (likely(!class_held_back(rq, t)))
        smp_count_ready(rq);
    if (likely(!trace_on && smp_joins_alone(rq, t)))
        t->class->enqueue_task(rq, t, why);
    else
        sched_enqueue_slowly(rq, t, why);
}

/* A queued thread leaves rq without running. rq->lock held. */
void sched_dequeue(struct rq *rq, struct thread *t);

/* Takes the lock of the run queue that t, which is new, will join. Interrupts off. */
struct rq *new_thread_rq_lock(struct thread *t);
#if PHASE >= 2
/* Takes the lock of the run queue that t belongs to. Interrupts off. */
struct rq *thread_rq_lock(const struct thread *t);
/* The same for a thread that is about to be woken or launched: if it waits for that, it may belong to another queue from then on. */
struct rq *waking_rq_lock(struct thread *t);
/* Makes a thread that waited, stood still or is new ready, and asks for a reschedule if it has to run before the current one. rq->lock
   held. */
void sched_make_ready(struct rq *rq, struct thread *t, enum enqueue_why why);
/* A BLOCKED or STOPPED thread's wait is over: ready, or aside if it is to stand still. rq->lock held. */
void sched_unblock(struct rq *rq, struct thread *t);
/* Writes the record of a changed priority, set by thread `by` (0: inherited); before: what thread_effective() was. rq->lock held. */
__attribute__((noinline, cold)) void sched_trace_priority(const struct rq *rq, const struct thread *t, tid_t by, int before);
/* Asks for a reschedule if t, which just became ready, has to run before the current thread. rq->lock held. */
void sched_check_preempt(struct rq *rq, struct thread *t);
/* The same after t's priority changed, whether it runs or waits. rq->lock held. */
void sched_check_priorities(struct rq *rq, struct thread *t);
#endif
/* Gives up the CPU: everybody else who is ready comes first. Thread context, no spinlock held. */
void thread_yield(void);

/* Waiting for something that another thread does (wait_step.c): in phase 1 by looking again and again while others run, from phase 2 on
   by blocking. The order is
       wait_prepare(channel);  look;  if it has not happened: wait_step(channel), and from the beginning;  else wait_cancel();
   and whoever makes it happen calls wait_over(channel) behind it: a wake between the look and the step is not lost. Thread context, no
   spinlock held; wait_over() in any context. wait_step() returns 0, or -EINTR if the thread has to leave (phase 2). */
void wait_prepare(const void *channel);
int wait_step(const void *channel);
void wait_cancel(void);
void wait_over(const void *channel);

/* Lab 1.4 (yield.c), both called with rq->lock held and interrupts off. */

/* The body of thread_yield(): puts the current thread back into its queue and lets schedule() choose. Returns as schedule() does. */
void yield_locked(struct rq *rq);
/* The body of schedule(): makes next the current thread and continues it. Returns when somebody switches back to prev. */
void switch_to(struct rq *rq, struct thread *prev, struct thread *next);

/* Changes a thread's state. A checked build panics when the step is not in the diagram of docs/design.md. The run queue's lock
   of the thread's CPU is held, or nobody else knows the thread yet. */
void thread_set_state(struct thread *t, enum thread_state to);
/* Asserts that nobody else did. */
void thread_check_state(const struct thread *t);
const char *thread_state_name(enum thread_state state);

/* What the upper layers want to do when no thread is left to run. Set once at start. */
extern void (*sched_all_exited)(void);
