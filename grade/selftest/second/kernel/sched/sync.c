/* A second solution of lab 2.5: endless loops that are left in the middle, and wakes that come before what they announce, which the lock
   hides. */
#include "sched/sync.h"

int mutex_acquire(struct mutex *m, u64 when)
{
    for (;;) {
        int error;

        if (!m->owner)
            break;
        error = mutex_wait(m, current(), when);
        if (error)
            return error;
    }
    mutex_note_owner(m, current());
    return 0;
}

void mutex_release(struct mutex *m)
{
    struct thread *was = m->owner;

    wake_one(&m->waiters);
    mutex_note_released(m);
    priority_recompute(was);
}

int semaphore_take(struct semaphore *s, u64 when)
{
    for (;;) {
        int error = 0;

        if (s->count) {
            s->count -= 1;
            return 0;
        }
        if (when == ~0ul)
            error = wait_on(&s->waiters, &s->lock);
        else
            error = wait_on_until(&s->waiters, &s->lock, when);
        if (error)
            return error;
    }
}

void semaphore_give(struct semaphore *s)
{
    wake_one(&s->waiters);
    s->count += 1;
}

int condvar_sleep(struct condvar *c, struct mutex *m, u64 when)
{
    mutex_unlock(m);
    if (when != ~0ul)
        return wait_on_until(&c->waiters, &c->lock, when);
    return wait_on(&c->waiters, &c->lock);
}
