/* The scheduler's core: the one place that switches threads. */
#pragma once

#include "base/assert.h"
#include "base/trace.h"
#include "sched/rq.h"

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

/* A READY thread joins rq: the wrapper around its class's enqueue_task that counts and traces. rq->lock held. */
static inline void sched_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    if (IS_CHECKED)
        sched_check_enqueue(rq, t);
    rq->nr_ready++;
    trace(TRACE_ENQUEUE, t, 0, why, 0);
    t->class->enqueue_task(rq, t, why);
}

/* A queued thread leaves rq without running. rq->lock held. */
void sched_dequeue(struct rq *rq, struct thread *t);

/* Gives up the CPU: everybody else who is ready comes first. Thread context, no spinlock held. */
void thread_yield(void);
/* One step of waiting for something that another thread does: lets others run. Thread context, no spinlock held. */
void wait_step(void);

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
