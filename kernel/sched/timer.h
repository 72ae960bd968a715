/* Things to be done at a time: a queue a CPU, and the interrupt that serves it and the tick. A timer is
   in the queue of the CPU that set it, and may be taken back by any. */
#pragma once

#include "sched/rq.h"

struct timer_queue {
    struct spinlock lock;
    struct rb_tree tree; /* [l] by time of expiry; of two at the same time the one set first comes first */
    const struct timer *expiring; /* [l] whose function is being called now, or NULL */
    u64 next;            /* [a] timer_next() as it is, but earlier where another CPU has taken a timer back: for who has not the lock */
};

/* This CPU's timer queue and tick; the interrupt is registered, the CPU's timer ready. Each CPU once, after scheduler_init(), interrupts
   off. */
void timers_init(unsigned hz);
/* expired(timer) will be called at `when` (ns), by the timer interrupt of this CPU. The timer is in no queue. Interrupts off. */
void timer_start(struct timer *timer, u64 when, void (*expired)(struct timer *timer));
/* Takes a timer back; nothing happens if it has expired. Returns true if it had not: then it never will. If its function is being called
   on another CPU, that is waited for: when this returns, nothing of the timer is in use. Any context; the caller holds no lock that the
   function takes. */
bool timer_cancel(struct timer *timer);
/* The tick starts with the first thread that runs, and stops when the CPU idles: for idle.c. rq->lock held. */
void tick_start(struct rq *rq);
void tick_stop(struct rq *rq);
/* classes_next_event(rq) is earlier than it was: the timer of rq's CPU is set again; by itself, if it is another one. rq->lock held. */
void timer_event_set(struct rq *rq);
/* What it does then, in the interrupt that tells it. */
void timer_event_look(void);
/* Timer interrupts on this CPU since boot. */
u64 timer_interrupts(void);

/* Lab 2.4 (sleep.c); the queue's lock held, interrupts off. */

/* The timer, whose `expires` is set, joins the queue. */
void timer_insert(struct timer_queue *queue, struct timer *timer);
/* Takes off and returns the timer that expires first, if that is at or before `now`; else NULL. */
struct timer *timer_pop_expired(struct timer_queue *queue, u64 now);
/* The earliest time of expiry, or ~0ul if there is none. */
u64 timer_next(const struct timer_queue *queue);

/* The current thread sleeps until `when` (ns), at least: not at all if that has passed. Thread context, no spinlock held.
   Returns 0, or -EINTR if it has to leave (thread_kill). */
int thread_sleep_until(u64 when);
int thread_sleep(u64 ns);
