/* Several run queues: which one a thread belongs to, and how it gets to another. A thread that is READY or RUNNING belongs to the queue of
   t->last_cpu; so does one that waits, until it is woken. t->last_cpu changes only under the locks of both queues, the old and the new:
   who holds the lock of t's queue, and has looked again since, holds t. And because that lock is held across the context switch, whoever
   gets it finds no thread in the middle of one: nobody is picked up elsewhere before its registers are saved. */
#pragma once

#include "sched/sched.h"

/* Lab 4.3 (placement.c). Interrupts off. */

/* The CPU where t had best run: where it ran last, unless that is forbidden, or busy while another one that is allowed is idle. Then the
   first of those; or the first that is allowed. Any lock; t's queue may be unlocked, then the answer is a guess. */
int cpu_choose(const struct thread *t);
/* Takes the locks of two different queues, whatever others do with the same two at the same time. No queue's lock is held. */
void rq_lock_both(struct rq *a, struct rq *b);
/* t, READY and queued in `from`, is queued in `to` instead, in its place by time, and runs at once if it has to. What counts who waits are
   sched_dequeue() and sched_enqueue(); how many were moved, and why, counts the caller. Both locks held. */
void thread_move(struct rq *from, struct rq *to, struct thread *t);

/* Whether t may run on a CPU. */
static inline bool may_run_on(const struct thread *t, int cpu)
{
    return t->cpu_mask >> cpu & 1;
}
