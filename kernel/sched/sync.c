/* The waiting parts of mutex, semaphore and condition variable: lab 2.5. The lock that guards the object is held, interrupts are off. */
#include "sched/sync.h"
#include "base/lab.h"

/* wait_on(), with or without an end. */
static inline int wait_until(struct wait_queue *wq, struct spinlock *lock, u64 when)
{
    return when == ~0ul ? wait_on(wq, lock) : wait_on_until(wq, lock, when);
}

int mutex_acquire(struct mutex *m, u64 when)
{
#if SOLVED >= 205
    struct thread *me = current();

    while (m->owner) { /* a loop: whoever was woken may find that another one was faster */
        int error = mutex_wait(m, me, when);

        if (error)
            return error;
    }
    mutex_note_owner(m, me);
    return 0;
#else
    /* Wait while somebody owns it (mutex_wait), then note the new owner. When you are woken, is it yours? */
    (void)m, (void)when;
    panic("lab 2.5: mutex_acquire is yours to write (kernel/sched/sync.c)");
#endif
}

void mutex_release(struct mutex *m)
{
#if SOLVED >= 205
    struct thread *owner = m->owner;

    mutex_note_released(m);
    priority_recompute(owner);
    wake_one(&m->waiters);
#else
    /* Who is served next, and what becomes of the priority that the waiters had lent? */
    (void)m;
    panic("lab 2.5: mutex_release is yours to write (kernel/sched/sync.c)");
#endif
}

int semaphore_take(struct semaphore *s, u64 when)
{
#if SOLVED >= 205
    while (!s->count) {
        int error = wait_until(&s->waiters, &s->lock, when);

        if (error)
            return error;
    }
    s->count--;
    return 0;
#else
    /* None left: wait, and look again. */
    (void)s, (void)when;
    panic("lab 2.5: semaphore_take is yours to write (kernel/sched/sync.c)");
#endif
}

void semaphore_give(struct semaphore *s)
{
#if SOLVED >= 205
    s->count++;
    wake_one(&s->waiters);
#else
    /* One more, and one who may take it. */
    (void)s;
    panic("lab 2.5: semaphore_give is yours to write (kernel/sched/sync.c)");
#endif
}

int condvar_sleep(struct condvar *c, struct mutex *m, u64 when)
{
#if SOLVED >= 205
    mutex_unlock(m); /* c->lock is held: whoever signals from here on finds us waiting */
    return wait_until(&c->waiters, &c->lock, when);
#else
    /* Between giving up the mutex and waiting, a signal must not get lost. Which lock keeps it out? */
    (void)c, (void)m, (void)when;
    panic("lab 2.5: condvar_sleep is yours to write (kernel/sched/sync.c)");
#endif
}
