/* Mutexes (mutex.h): the part around the exercises. Lock: pi_lock. */
#include "sched/mutex.h"
#include "base/assert.h"
#include "base/trace.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "sched/change.h"
#include "sched/control.h"
#include "sched/lend.h"
#include "sched/preempt.h"

#define FOR_EVER (~0ul)

struct spinlock pi_lock = SPINLOCK("mutexes", RANK_PI);

void mutex_init(struct mutex *m, const char *name)
{
    *m = (struct mutex){ .name = name };
    wait_queue_init(&m->waiters, name);
    list_init(&m->held_link);
}

bool mutex_held(const struct mutex *m)
{
    return m->owner == current();
}

void mutex_note_owner(struct mutex *m, struct thread *t)
{
    ASSERT(spin_held(&pi_lock), "mutex '%s': taken without the lock that guards all mutexes", m->name);
    ASSERT(!m->owner, "mutex '%s': taken by thread %d (%s) while thread %d (%s) owns it", m->name, t->tid, t->name, m->owner->tid,
           m->owner->name);
    m->owner = t;
    list_push_tail(&t->held_mutexes, &m->held_link);
}

void mutex_note_released(struct mutex *m)
{
    ASSERT(spin_held(&pi_lock), "mutex '%s': given up without the lock that guards all mutexes: who has taken that calls mutex_release(), "
           "everybody else mutex_unlock()", m->name);
    m->owner = NULL;
    list_remove(&m->held_link);
}

/* Tells the circle that closes when me waits for m: "a waits for x, owned by b, who waits for y, owned by a". */
static _Noreturn void report_deadlock(const struct mutex *m, const struct thread *me)
{
    char text[200];
    int n = format(text, sizeof(text), "%s (thread %d)", me->name, me->tid);

    for (const struct thread *t = me;; t = m->owner, m = t->blocked_on) {
        n += format(text + min((size_t)n, sizeof(text) - 1), sizeof(text) - min((size_t)n, sizeof(text)),
                    " waits for mutex '%s', owned by %s", m->name,
                    m->owner->name);
        if (m->owner == me || (size_t)n >= sizeof(text))
            break;
    }
    panic("deadlock: %s", text);
}

/* From m to its owner, to what that one waits for, and so on: does it lead back to me? */
static void check_deadlock(const struct mutex *m, const struct thread *me)
{
    for (const struct mutex *next = m; next && next->owner; next = next->owner->blocked_on)
        if (next->owner == me)
            report_deadlock(m, me);
}

int mutex_wait(struct mutex *m, struct thread *me, u64 when)
{
    struct thread *owner = m->owner;
    int error;

    check_deadlock(m, me);
    me->blocked_on = m;
    deadline_offer(me);
    priority_lend(me);
    error = when == FOR_EVER ? wait_on(&m->waiters, &pi_lock) : wait_on_until(&m->waiters, &pi_lock, when);
    me->blocked_on = NULL;
    if (m->owner == owner && owner) { /* we do not wait behind it any more */
        deadline_offers(owner);
        priority_recompute(owner);
    }
    return error;
}

static int lock_until(struct mutex *m, u64 when)
{
    u64 flags;
    int error;

    ASSERT(irq_enabled() && !preempt_count(),
           "mutex_lock: '%s' inside a critical section: a thread that may not leave its CPU cannot wait", m->name);
    ASSERT(!mutex_held(m), "mutex_lock: thread %d (%s) owns '%s' already: it would wait for itself", current()->tid,
           current()->name, m->name);
    flags = spin_lock_irq(&pi_lock);
    error = mutex_acquire(m, when);
    if (!error && !list_empty(&m->waiters.waiters))
        deadline_offers(current());
    spin_unlock_irq(&pi_lock, flags);
    return error;
}

void mutex_lock(struct mutex *m)
{
    if (lock_until(m, FOR_EVER))
        thread_safe_point(); /* killed while it waited: it does not come back */
}

int mutex_lock_until(struct mutex *m, u64 when)
{
    int error = lock_until(m, when);

    thread_safe_point();
    return error;
}

bool mutex_trylock(struct mutex *m)
{
    u64 flags = spin_lock_irq(&pi_lock);
    bool free = !m->owner;

    if (free)
        mutex_note_owner(m, current());
    spin_unlock_irq(&pi_lock, flags);
    return free;
}

void mutex_unlock(struct mutex *m)
{
    struct thread *me = current();
    u64 flags;

    if (m->owner != me)
        panic("mutex_unlock: thread %d (%s) does not own '%s'; %s does", me->tid, me->name, m->name, m->owner ? m->owner->name : "nobody");
    flags = spin_lock_irq(&pi_lock);
    mutex_release(m);
    deadline_offers(me);
    spin_unlock_irq(&pi_lock, flags);
}

void mutex_release_all(struct thread *t)
{
    u64 flags = spin_lock_irq(&pi_lock);

    while (!list_empty(&t->held_mutexes))
        mutex_release(list_entry(t->held_mutexes.next, struct mutex, held_link));
    spin_unlock_irq(&pi_lock, flags);
}

static bool set_inherited(struct thread *t, int inherited)
{
    u64 flags = irq_save();
    struct rq *rq = thread_rq_lock(t);
    int before = thread_effective(t);
    bool changed = thread_would_have(t, t->priority, inherited) != before;
    struct sched_change change = sched_change_begin(rq, t, changed);

    t->inherited = inherited;
    if (unlikely(trace_on) && changed)
        sched_trace_priority(rq, t, 0, before);
    if (changed)
        class_lend(rq, t);
    sched_change_end(&change, changed);
    if (!changed)
        class_lend_again(rq, t); /* its level stays, its deadline perhaps not */
    spin_unlock(&rq->lock);
    irq_restore(flags);
    return changed;
}

bool priority_set_inherited(struct thread *t, int inherited)
{
    if (inherited < 0 && t->inherited < 0)
        return false; /* as mostly: nobody lends, and nobody did */
    return set_inherited(t, inherited);
}

void mutex_priority_changed(tid_t tid)
{
    u64 flags = spin_lock_irq(&pi_lock);
    u64 table = threads_lock_irq(); /* keeps t alive: who owns no mutex may leave without pi_lock */
    struct thread *t = thread_find_locked(tid);

    if (t && !list_empty(&t->held_mutexes))
        priority_recompute(t); /* those who wait behind t may be worth more than t itself now */
    if (t && t->blocked_on && t->blocked_on->owner) { /* a mutex that has become free has none until t or another one runs */
        deadline_offers(t->blocked_on->owner);
        priority_recompute(t->blocked_on->owner);
        priority_lend(t);
    }
    threads_unlock_irq(table);
    spin_unlock_irq(&pi_lock, flags);
}
