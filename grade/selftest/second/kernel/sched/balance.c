/* A second solution of lab 4.5: threads go one by one, as long as the queues differ by two; CPUs are struck off until somebody went. */
#include "sched/balance.h"
#include "sched/placement.h"

/* How much longer the queue a is than b; negative: how much shorter. */
static int longer(const struct rq *a, const struct rq *b)
{
    return (int)rq_load(a) - (int)rq_load(b);
}

/* Of the queues of these CPUs, the one whose load differs most from mine; mine itself if none differs by 2. */
static struct rq *most_different(struct rq *mine, u64 among)
{
    struct rq *most = mine;
    int most_gap = 1;

    for (struct rq *other = run_queues; other < run_queues + CONFIG_MAX_CPUS; other++) {
        int gap = among >> (other - run_queues) & 1 ? longer(other, mine) : 0;

        if (gap < 0)
            gap = -gap;
        if (gap > most_gap) {
            most = other;
            most_gap = gap;
        }
    }
    return most;
}

/* From the longer to the shorter, one by one, as long as that makes the greater load smaller. Both locks held. Returns how many. */
static u64 even_out(struct rq *from, struct rq *to)
{
    struct thread *t;
    u64 n = 0;

    while (longer(from, to) >= 2 && (t = steal_candidate(from, to->cpu)) != NULL) {
        thread_move(from, to, t);
        n++;
    }
    return n;
}

void scheduler_balance_load(void)
{
    u64 among = __atomic_load_n(&cpus_online, __ATOMIC_RELAXED), n = 0;
    struct rq *mine = this_rq();

    for (struct rq *other; !n && (other = most_different(mine, among)) != mine; among &= ~(1ul << other->cpu)) {
        rq_lock_both(other, mine);
        n = longer(mine, other) > 0 ? even_out(mine, other) : even_out(other, mine);
        spin_unlock(&mine->lock);
        spin_unlock(&other->lock);
    }
    mine->nr_balances++;
    mine->nr_balanced += n;
}
