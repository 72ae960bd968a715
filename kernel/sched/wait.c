/* Wait queues: lab 2.3. The lock that guards the queue is held, interrupts are off. */
#include "sched/wait.h"
#include "base/lab.h"
#include "lib/errno.h"

int wait_on(struct wait_queue *wq, struct spinlock *lock)
{
#if SOLVED >= 203
    struct thread *me = current();
    bool woken;

    list_push_tail(&wq->waiters, &me->wait_link);
    thread_block(lock, wq->name); /* releases the lock only after we are queued and BLOCKED, or the wake is lost */
    spin_lock(lock);
    woken = list_empty(&me->wait_link); /* whoever was killed or timed out still stands there */
    list_remove(&me->wait_link);
    if (!me->killed)
        return 0;
    if (woken)
        wake_one(wq); /* meant for somebody who goes on */
    return -EINTR;
#else
    /* The lock keeps wakers out: what must be so before it is given back, or a wake is lost? And who takes you out of the queue if it
       was no wake that brought you back? If it was one, and you were killed since: whom was it meant for? */
    (void)wq, (void)lock;
    panic("lab 2.3: wait_on is yours to write (kernel/sched/wait.c)");
#endif
}

/* The waiter to be woken first, or NULL. */
static struct thread *best_waiter(struct wait_queue *wq)
{
#if SOLVED >= 203
    struct thread *best = NULL;

    list_for_each(it, &wq->waiters) {
        struct thread *t = list_entry(it, struct thread, wait_link);

        if (!best || thread_effective(t) > thread_effective(best))
            best = t;
    }
    return best;
#else
    /* Priorities may have changed since they came: look now. */
    (void)wq;
    return NULL;
#endif
}

bool wake_one(struct wait_queue *wq)
{
#if SOLVED >= 203
    struct thread *t;

    while ((t = best_waiter(wq)) != NULL) {
        list_remove(&t->wait_link);
        if (thread_wake(t))
            return true;
    }
    return false; /* nobody, or nobody who still waited: their time was over, or they were killed */
#else
    /* Who stands in the queue may have stopped waiting already, and be on its way out: thread_wake() tells. Then who is woken? */
    lab_stub("2.3", "wake_one");
    (void)wq, (void)best_waiter;
    return false;
#endif
}

unsigned wake_all(struct wait_queue *wq)
{
#if SOLVED >= 203
    unsigned n = 0;

    while (wake_one(wq))
        n++;
    return n;
#else
    /* All who wait now, and each once. */
    lab_stub("2.3", "wake_all");
    (void)wq;
    return 0;
#endif
}
