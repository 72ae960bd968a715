/* A second solution of lab 2.3: the best waiter is looked for from the end of the queue, by a function that both kinds of wake use. */
#include "sched/wait.h"
#include "lib/errno.h"

int wait_on(struct wait_queue *wq, struct spinlock *lock)
{
    struct list *mine = &current()->wait_link;
    bool killed, waked;

    list_insert_between(mine, wq->waiters.prev, &wq->waiters);
    thread_block(lock, wq->name);
    spin_lock(lock);
    killed = current()->killed;
    waked = list_empty(mine);
    if (!waked)
        list_remove(mine);
    if (killed && waked)
        wake_one(wq);
    return killed ? -EINTR : 0;
}

/* From the last to the first: of equals the earlier one replaces the later one. */
static struct thread *best_of(const struct wait_queue *wq)
{
    struct thread *best = NULL;

    for (struct list *it = wq->waiters.prev; it != &wq->waiters; it = it->prev) {
        struct thread *t = list_entry(it, struct thread, wait_link);

        if (best && thread_effective(best) > thread_effective(t))
            continue;
        best = t;
    }
    return best;
}

/* False if it had stopped waiting before. */
static bool let_go(struct thread *t)
{
    list_remove(&t->wait_link);
    return thread_wake(t);
}

bool wake_one(struct wait_queue *wq)
{
    for (struct thread *t = best_of(wq); t; t = best_of(wq))
        if (let_go(t))
            return true;
    return false;
}

unsigned wake_all(struct wait_queue *wq)
{
    struct thread *t;
    unsigned woken;

    for (woken = 0; (t = best_of(wq)) != NULL;)
        woken += let_go(t);
    return woken;
}
