/* Blocking and waking: the steps below wait queues, channels and sleep. Lock: the run queue's. What a thread waits for, and the
   lock of that, is its caller's affair; here only its state changes. */
#include "base/trace.h"
#include "lib/errno.h"
#include "sched/preempt.h"
#include "sched/timer.h"
#include "sched/wait.h"

void thread_block(struct spinlock *lock, const char *what)
{
    struct rq *rq = this_rq_lock();
    struct thread *me = rq->curr;

    if (lock)
        spin_unlock(lock); /* a waker needs the run queue's lock too: it waits until we are BLOCKED */
    if (me->wake_pending || me->killed) {
        me->wake_pending = false;
        spin_unlock(&rq->lock);
        return;
    }
    me->waits_for = what;
    me->blocked_since = clock_ns();
    me->nr_waits++;
    thread_set_state(me, THREAD_BLOCKED);
    if (unlikely(trace_on))
        sched_trace(TRACE_BLOCK, rq, me, thread_ran(rq, me));
    schedule(rq);
}

void sched_unblock(struct rq *rq, struct thread *t)
{
    t->waits_for = NULL;
    if (t->suspended)
        thread_set_state(t, THREAD_STOPPED);
    else
        sched_make_ready(rq, t, ENQUEUE_WAKE);
}

bool thread_wake(struct thread *t)
{
    u64 flags = irq_save();
    struct rq *rq = waking_rq_lock(t);
    bool blocked = t->state == THREAD_BLOCKED;

    trace(TRACE_WAKE, t, (u32)current()->tid, !blocked, 0);
    if (blocked)
        sched_unblock(rq, t);
    else if (t->state != THREAD_ZOMBIE)
        t->wake_pending = true;
    spin_unlock_irq(&rq->lock, flags);
    return blocked;
}

/* Who was woken in time has not timed out, even if it has not run yet: the wake would be lost. Called by the timer interrupt of the CPU on
   which the thread blocked, with interrupts off since the timer was set: it is BLOCKED, or was woken. */
static void wait_timed_out(struct timer *timer)
{
    struct thread *t = container_of(timer, struct thread, timer);
    u64 flags = irq_save();
    struct rq *rq = waking_rq_lock(t);

    t->timed_out = t->state == THREAD_BLOCKED;
    if (t->timed_out)
        sched_unblock(rq, t);
    spin_unlock_irq(&rq->lock, flags);
}

int wait_on_until(struct wait_queue *wq, struct spinlock *lock, u64 when)
{
    struct thread *me = current();
    int error;

    me->timed_out = false;
    timer_start(&me->timer, when, wait_timed_out);
    error = wait_on(wq, lock);
    timer_cancel(&me->timer);
    return me->timed_out && !error ? -ETIMEDOUT : error;
}
