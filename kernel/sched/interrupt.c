/* Waits that a signal ends (interrupt.h). No wake is lost: thread_interrupt() first says why and then wakes, and a wake that comes before
   its thread blocks is remembered (thread_block()). */
#include "sched/interrupt.h"

int wait_interruptible(struct wait_queue *wq, struct spinlock *lock)
{
    const volatile bool *interrupted = &current()->interrupted;
    int error;

    if (*interrupted)
        return -ERESTART;
    error = wait_on(wq, lock);
    return *interrupted ? -ERESTART : error;
}

int wait_interruptible_until(struct wait_queue *wq, struct spinlock *lock, u64 when)
{
    const volatile bool *interrupted = &current()->interrupted;
    int error;

    if (*interrupted)
        return -ERESTART;
    error = wait_on_until(wq, lock, when);
    return *interrupted ? -ERESTART : error;
}

void thread_interrupt(struct thread *t)
{
    t->interrupted = true;
    if (!thread_wake(t))
        smp_look(t);
}
