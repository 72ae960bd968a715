/* Semaphores, condition variables, completions, reader-writer locks (sync.h): what stands around the exercises, and what is
   built on wait queues alone. Lock: each object's own. */
#include "sched/control.h"
#include "sched/sync.h"

#define FOR_EVER (~0ul)

void semaphore_init(struct semaphore *s, const char *name, u64 count)
{
    spin_init(&s->lock, name, RANK_WAIT);
    s->count = count;
    wait_queue_init(&s->waiters, name);
}

int semaphore_down_until(struct semaphore *s, u64 when)
{
    u64 flags = spin_lock_irq(&s->lock);
    int error = semaphore_take(s, when);

    spin_unlock_irq(&s->lock, flags);
    thread_safe_point();
    return error;
}

void semaphore_down(struct semaphore *s)
{
    (void)semaphore_down_until(s, FOR_EVER); /* fails for a killed thread only, and that one has exited */
}

bool semaphore_try(struct semaphore *s)
{
    u64 flags = spin_lock_irq(&s->lock);
    bool some = s->count;

    if (some)
        s->count--;
    spin_unlock_irq(&s->lock, flags);
    return some;
}

void semaphore_up(struct semaphore *s)
{
    u64 flags = spin_lock_irq(&s->lock);

    semaphore_give(s);
    spin_unlock_irq(&s->lock, flags);
}

void condvar_init(struct condvar *c, const char *name)
{
    spin_init(&c->lock, name, RANK_CONDVAR);
    wait_queue_init(&c->waiters, name);
}

int condvar_wait_until(struct condvar *c, struct mutex *m, u64 when)
{
    u64 flags;
    int error;

    if (!mutex_held(m))
        panic("condvar_wait: thread %d (%s) does not own mutex '%s', which guards the condition", current()->tid, current()->name, m->name);
    flags = spin_lock_irq(&c->lock);
    error = condvar_sleep(c, m, when);
    spin_unlock_irq(&c->lock, flags);
    thread_safe_point();
    mutex_lock(m);
    return error;
}

void condvar_wait(struct condvar *c, struct mutex *m)
{
    (void)condvar_wait_until(c, m, FOR_EVER);
}

void condvar_signal(struct condvar *c)
{
    u64 flags = spin_lock_irq(&c->lock);

    wake_one(&c->waiters);
    spin_unlock_irq(&c->lock, flags);
}

void condvar_broadcast(struct condvar *c)
{
    u64 flags = spin_lock_irq(&c->lock);

    wake_all(&c->waiters);
    spin_unlock_irq(&c->lock, flags);
}

void completion_init(struct completion *c, const char *name)
{
    spin_init(&c->lock, name, RANK_WAIT);
    c->done = false;
    wait_queue_init(&c->waiters, name);
}

void completion_wait(struct completion *c)
{
    u64 flags = spin_lock_irq(&c->lock);

    while (!c->done && !wait_on(&c->waiters, &c->lock))
        ;
    spin_unlock_irq(&c->lock, flags);
    thread_safe_point();
}

void complete(struct completion *c)
{
    u64 flags = spin_lock_irq(&c->lock);

    c->done = true;
    wake_all(&c->waiters);
    spin_unlock_irq(&c->lock, flags);
}

void rwlock_init(struct rwlock *rw, const char *name)
{
    *rw = (struct rwlock){ 0 };
    spin_init(&rw->lock, name, RANK_WAIT);
    wait_queue_init(&rw->read_waiters, name);
    wait_queue_init(&rw->write_waiters, name);
}

/* Who may go on now: after a writer the readers who waited, else a writer if nobody reads. rw->lock held. */
static void let_in(struct rwlock *rw, bool readers_first)
{
    if (readers_first)
        rw->turn = wake_all(&rw->read_waiters);
    if (!rw->readers && !rw->turn)
        wake_one(&rw->write_waiters);
}

void rwlock_read_lock(struct rwlock *rw)
{
    u64 flags = spin_lock_irq(&rw->lock);
    bool waited = false;
    int error = 0;

    while (!error && (rw->writing || (rw->writers_waiting && !(waited && rw->turn)))) {
        error = wait_on(&rw->read_waiters, &rw->lock);
        waited = true;
    }
    if (waited && rw->turn)
        rw->turn--;
    if (!error)
        rw->readers++;
    else if (!rw->writing)
        let_in(rw, false); /* killed: the turn that it does not take may be what a writer waits for */
    spin_unlock_irq(&rw->lock, flags);
    thread_safe_point();
}

void rwlock_read_unlock(struct rwlock *rw)
{
    u64 flags = spin_lock_irq(&rw->lock);

    if (!rw->readers)
        panic("rwlock_read_unlock: nobody reads under '%s'", rw->lock.name);
    rw->readers--;
    let_in(rw, false);
    spin_unlock_irq(&rw->lock, flags);
}

void rwlock_write_lock(struct rwlock *rw)
{
    u64 flags = spin_lock_irq(&rw->lock);
    int error = 0;

    rw->writers_waiting++;
    while (!error && (rw->writing || rw->readers || rw->turn))
        error = wait_on(&rw->write_waiters, &rw->lock);
    rw->writers_waiting--;
    if (!error)
        rw->writing = true;
    else if (!rw->writing)
        let_in(rw, true); /* killed: those whom its waiting kept out */
    spin_unlock_irq(&rw->lock, flags);
    thread_safe_point();
}

void rwlock_write_unlock(struct rwlock *rw)
{
    u64 flags = spin_lock_irq(&rw->lock);

    if (!rw->writing)
        panic("rwlock_write_unlock: nobody writes under '%s'", rw->lock.name);
    rw->writing = false;
    let_in(rw, true);
    spin_unlock_irq(&rw->lock, flags);
}
