/* Balancing: lab 4.5. The rules are in balance.h. */
#include "sched/balance.h"
#include "base/lab.h"
#include "sched/placement.h"

/* Of the queues of CPUs whose bits are not in `tried`, the one whose load differs most from mine. */
static struct rq *most_different(struct rq *mine, u64 tried)
{
#if SOLVED >= 405
    struct rq *found = mine;
    u32 most = 1;

    for (u64 left = cpus_online & ~tried; left; left &= left - 1) {
        struct rq *rq = &run_queues[__builtin_ctzl(left)];
        u32 a = rq_load(rq), b = rq_load(mine), difference = a > b ? a - b : b - a;

        if (difference > most) {
            most = difference;
            found = rq;
        }
    }
    return found;
#else
    /* mine itself if none differs by 2. cpus_online has a bit for each CPU that there is. */
    (void)tried;
    return mine;
#endif
}

void scheduler_balance_load(void)
{
#if SOLVED >= 405
    struct rq *mine = this_rq(), *other, *from, *to;
    struct thread *t;
    u64 tried = 0;
    u32 n, moved = 0;

    mine->nr_balances++;
    while (!moved && (other = most_different(mine, tried)) != mine) {
        rq_lock_both(mine, other);
        from = rq_load(mine) > rq_load(other) ? mine : other; /* what was read without the locks was a guess */
        to = from == mine ? other : mine;
        n = (rq_load(from) - rq_load(to)) / 2;
        for (; moved < n && (t = steal_candidate(from, to->cpu)) != NULL; moved++)
            thread_move(from, to, t);
        mine->nr_balanced += moved;
        spin_unlock(&from->lock);
        spin_unlock(&to->lock);
        tried |= 1ul << other->cpu;
    }
#else
    /* steal_candidate() says who may go, thread_move() takes it there. What you read of another queue without its lock may be wrong by
       now; and the one that differs most may have nobody to give. */
    lab_stub_beside_others("4.5", "scheduler_balance_load");
    (void)most_different;
#endif
}
