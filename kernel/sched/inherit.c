/* Priority inheritance: lab 2.6c. A thread that owns a mutex must not be held up by threads of less priority than those who
   wait for it. pi_lock held, interrupts off. */
#include "base/lab.h"
#include "sched/mutex.h"

void priority_lend(struct thread *t)
{
#if SOLVED >= 206
    for (struct mutex *m = t->blocked_on; m && m->owner; m = m->owner->blocked_on) {
        int lent = thread_effective(t);

        if (m->owner->inherited >= lent)
            return; /* and everybody behind it has at least as much already */
        priority_set_inherited(m->owner, lent);
        t = m->owner;
    }
#else
    /* The owner may wait for a mutex itself: how far must the priority go? */
    (void)t;
    lab_stub("2.6c", "priority_lend");
#endif
}

void priority_recompute(struct thread *t)
{
#if SOLVED >= 206
    int best = -1;

    list_for_each(it, &t->held_mutexes) {
        struct mutex *m = list_entry(it, struct mutex, held_link);

        list_for_each(w, &m->waiters.waiters)
            best = max(best, thread_effective(list_entry(w, struct thread, wait_link)));
    }
    if (priority_set_inherited(t, best) && t->blocked_on && t->blocked_on->owner)
        priority_recompute(t->blocked_on->owner);
#else
    /* It may own other mutexes, with other waiters: which of them still lend? */
    (void)t;
    lab_stub("2.6c", "priority_recompute");
#endif
}
