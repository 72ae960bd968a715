/* Which CPU a deadline thread belongs to: EDF keeps its promises on one CPU as long as they sum up to no more than it, and on several only
   if each thread stays on one. While it is of the class, its mask is that CPU's alone; what it had is kept for later. */
#include "lib/errno.h"
#include "sched/deadline.h"
#include "sched/sched.h"

#define RUNTIME_LEAST 1024             /* ns: as long as it takes to switch, and no shorter */
#define PERIOD_MOST ((1ul << 22) * 1000) /* ns: some 4 s, as on Linux */

int deadline_params_check(const struct sched_params *p)
{
    u64 period = deadline_period(p);
    bool fits = p->runtime >= RUNTIME_LEAST && p->runtime <= p->deadline && p->deadline <= period;

    return fits && period <= PERIOD_MOST ? 0 : -EINVAL;
}

static bool reserve_on(struct rq *rq, struct thread *t, u64 bandwidth)
{
    bool taken;

    rq_lock(rq);
    rq->classes.dl.bandwidth -= __atomic_exchange_n(&rq->classes.dl.returned, 0, __ATOMIC_RELAXED);
    taken = admission_take(rq, t, bandwidth);
    if (taken)
        t->se.dl.cpu = rq->cpu;
    spin_unlock(&rq->lock);
    return taken;
}

int deadline_reserve(struct thread *t, const struct sched_params *p)
{
    u64 online = __atomic_load_n(&cpus_online, __ATOMIC_RELAXED), bandwidth = deadline_bandwidth(p);

    if (t->se.asked.policy == SCHED_DEADLINE) {
        struct rq *rq = thread_rq_lock(t);
        bool taken = rq->cpu == t->se.dl.cpu && admission_take(rq, t, bandwidth); /* else it is on its way there */

        spin_unlock(&rq->lock);
        return taken ? 0 : -EBUSY;
    }
    if (online & ~t->cpu_mask)
        return -EPERM;
    if (reserve_on(&run_queues[t->last_cpu], t, bandwidth))
        return 0;
    for (u64 left = online; left; left &= left - 1)
        if (reserve_on(&run_queues[__builtin_ctzl(left)], t, bandwidth))
            return 0;
    return -EBUSY;
}

void deadline_unreserve(struct rq *rq, struct thread *t)
{
    struct rq *reserved = &run_queues[t->se.dl.cpu];

    if (rq == reserved) {
        admission_give(rq, t);
        return;
    }
    /* It has never run there: nothing that it has used there is to be waited for. */
    __atomic_fetch_add(&reserved->classes.dl.returned, t->se.dl.bandwidth, __ATOMIC_RELAXED);
    t->se.dl.bandwidth = 0;
}

static void set_mask(struct thread *t, u64 mask)
{
    t->cpu_mask = mask;
    trace(TRACE_AFFINITY, t, (u32)current()->tid, mask, 0);
}

void deadline_bind(struct thread *t)
{
    t->se.dl.allowed = t->cpu_mask;
    set_mask(t, 1ul << t->se.dl.cpu);
}

void deadline_unbind(struct rq *rq, struct thread *t)
{
    deadline_unreserve(rq, t);
    set_mask(t, t->se.dl.allowed);
}

int class_set_mask(struct thread *t, u64 *mask)
{
    u64 online = __atomic_load_n(&cpus_online, __ATOMIC_RELAXED);

    if (t->se.asked.policy != SCHED_DEADLINE)
        return 0;
    if (online & ~*mask)
        return -EPERM;
    t->se.dl.allowed = *mask;
    *mask = t->cpu_mask;
    return 0;
}
