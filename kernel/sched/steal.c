/* Work stealing: lab 4.6. The rules are in balance.h. */
#include "sched/balance.h"
#include "base/lab.h"
#include "sched/placement.h"

bool steal_work(struct rq *rq)
{
#if SOLVED >= 406
    u64 tried = 1ul << rq->cpu;

    for (;;) {
        struct rq *longest = NULL;
        struct thread *t;

        for (u64 left = cpus_online & ~tried; left; left &= left - 1) {
            struct rq *other = &run_queues[__builtin_ctzl(left)];

            if (other->nr_ready && (!longest || other->nr_ready > longest->nr_ready))
                longest = other;
        }
        if (!longest)
            return false;
        rq_lock_both(rq, longest);
        t = steal_candidate(longest, rq->cpu);
        if (t)
            thread_move(longest, rq, t);
        spin_unlock(&rq->lock);
        spin_unlock(&longest->lock);
        if (t)
            return true;
        tried |= 1ul << longest->cpu;
    }
#else
    /* The longest queue may have nobody who may come here; another one may. */
    (void)rq;
    lab_stub_beside_others("4.6", "steal_work");
    return false;
#endif
}
