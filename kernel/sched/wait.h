/* Waiting for an event, without using the CPU. A wait queue holds who waits; it is guarded by a spinlock of the caller's, under
   which the condition that is waited for is tested and changed. So nobody can be woken between looking at the condition and
   waiting: the lost wakeup. */
#pragma once

#include "sched/sched.h"

struct wait_queue {
    const char *name;    /* for people: "thread 3 waits for NAME" */
    struct list waiters; /* [caller's lock] thread.wait_link, in the order of arrival */
};

#define WAIT_QUEUE(queue, queue_name) { .name = (queue_name), .waiters = LIST_INIT((queue).waiters) }

static inline void wait_queue_init(struct wait_queue *wq, const char *name)
{
    wq->name = name;
    list_init(&wq->waiters);
}

/* Lab 2.3 (wait.c). All three with the lock that guards the queue held and interrupts off. */

/* The current thread waits until it is woken. Releases lock while it waits and holds it again on return: by then the condition
   may be true or not (somebody else may have been faster), so it is tested in a loop. Returns 0, or -EINTR if the thread was
   killed; a wake that it got before that goes to the next waiter. Thread context, no other spinlock held. */
int wait_on(struct wait_queue *wq, struct spinlock *lock);
/* Wakes the waiter of the highest effective priority; of equals the one that came first. Who has stopped waiting (killed, its time over)
   but stands in the queue yet is passed over. Returns false if nobody waits. */
bool wake_one(struct wait_queue *wq);
/* Wakes all who wait now. Returns how many. */
unsigned wake_all(struct wait_queue *wq);

/* wait_on() until `when` (ns) at the latest; -ETIMEDOUT then. */
int wait_on_until(struct wait_queue *wq, struct spinlock *lock, u64 when);

/* The steps that these are made of (block.c). */

/* The current thread becomes BLOCKED and another one runs. Entered with interrupts off and lock held (NULL: none); lock is
   released when the thread is BLOCKED and can be woken, no earlier. Returns, with interrupts off and no lock held, when it is
   woken; at once if a wake was pending, or if it was killed. what: for people. */
void thread_block(struct spinlock *lock, const char *what);
/* Makes a BLOCKED thread READY. Of one that is not blocked, the wake is remembered: its next block returns at once. Any context. Returns
   true if it was blocked. */
bool thread_wake(struct thread *t);
/* The effective priority: its own or the best that it inherited. 0 to 63, and from phase 5 on more for the classes above (lend.h). */
int thread_effective(const struct thread *t);
/* What it would be if t had this priority and inherited that. */
int thread_would_have(const struct thread *t, enum thread_priority priority, int inherited);

/* Waiting for an address: whoever wakes need not know the queue. prepare, look at the condition, then block: a wake that comes
   in between is not lost. */
void channel_prepare(const void *channel);
/* Waits for wake_channel(channel), for which channel_prepare() was called. Returns 0 or -EINTR. Thread context. */
int block_current(const void *channel);
/* Instead of block_current(), when the condition was true after all. */
void channel_cancel(void);
/* Wakes all who wait for the channel. Any context. Returns how many. */
unsigned wake_channel(const void *channel);
