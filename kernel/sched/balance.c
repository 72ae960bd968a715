/* Balancing: lab 4.5. The rules are in balance.h. */
#include "sched/balance.h"
#include "base/lab.h"
#include "sched/placement.h"

/* The queue whose load differs most from mine. */
static struct rq *most_different(struct rq *mine)
{
#if SOLVED >= 405
    struct rq *found = mine;
    u32 most = 1;

    for (u64 left = cpus_online; left; left &= left - 1) {
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
    return mine;
#endif
}

void scheduler_balance_load(void)
{
#if SOLVED >= 405
    struct rq *mine = this_rq(), *other = most_different(mine), *from, *to;
    struct thread *t;
    u32 n;

    mine->nr_balances++;
    if (other == mine)
        return;
    rq_lock_both(mine, other);
    from = rq_load(mine) > rq_load(other) ? mine : other; /* what was read without the locks was a guess */
    to = from == mine ? other : mine;
    n = (rq_load(from) - rq_load(to)) / 2;
    for (; n && (t = steal_candidate(from, to->cpu)) != NULL; n--) {
        thread_move(from, to, t);
        mine->nr_balanced++;
    }
    spin_unlock(&from->lock);
    spin_unlock(&to->lock);
#else
    /* steal_candidate() says who may go, thread_move() takes it there. What you read of another queue without its lock may be wrong by
       now. */
    lab_stub_beside_others("4.5", "scheduler_balance_load");
    (void)most_different;
#endif
}
