/* A second solution of lab 2.3: the best waiter is looked for from the end of the queue, by a function that both kinds of wake use. */
#include "sched/wait.h"
#include "lib/errno.h"

int wait_on(struct wait_queue *wq, struct spinlock *lock)
{
    struct list *mine = &current()->wait_link;
    bool killed;

    list_insert_between(mine, wq->waiters.prev, &wq->waiters);
    thread_block(lock, wq->name);
    spin_lock(lock);
    killed = current()->killed;
    if (!list_empty(mine))
        list_remove(mine);
    if (killed)
        return -EINTR;
    return 0;
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

static void let_go(struct thread *t)
{
    list_remove(&t->wait_link);
    thread_wake(t);
}

bool wake_one(struct wait_queue *wq)
{
    struct thread *t = best_of(wq);

    if (t)
        let_go(t);
    return t != NULL;
}

unsigned wake_all(struct wait_queue *wq)
{
    struct thread *t;
    unsigned woken;

    for (woken = 0; (t = best_of(wq)) != NULL; woken++)
        let_go(t);
    return woken;
}
