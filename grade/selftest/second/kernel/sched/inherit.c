/* A second solution of lab 2.6c: what lends is a recursion, what recomputes a loop. */
#include "sched/mutex.h"

static struct thread *in_the_way_of(const struct thread *t)
{
    return t->blocked_on ? t->blocked_on->owner : NULL;
}

void priority_lend(struct thread *t)
{
    struct thread *owner = in_the_way_of(t);

    if (!owner || owner->inherited >= thread_effective(t))
        return;
    priority_set_inherited(owner, thread_effective(t));
    priority_lend(owner);
}

static int best_waiter(const struct mutex *m)
{
    int best = -1;

    list_for_each(it, &m->waiters.waiters) {
        int effective = thread_effective(list_entry(it, struct thread, wait_link));

        if (effective > best)
            best = effective;
    }
    return best;
}

void priority_recompute(struct thread *t)
{
    bool changed = true;

    while (t && changed) {
        int lent = -1;

        list_for_each(it, &t->held_mutexes)
            lent = max(lent, best_waiter(list_entry(it, struct mutex, held_link)));
        changed = priority_set_inherited(t, lent);
        t = in_the_way_of(t);
    }
}
