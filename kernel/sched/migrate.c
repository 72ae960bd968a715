/* Threads that change their run queue (placement.h). */
#include "sched/placement.h"

u64 idle_cpus;

/* Nobody else knows t yet. */
struct rq *new_thread_rq_lock(struct thread *t)
{
    t->last_cpu = cpu_choose(t);
    return thread_rq_lock(t);
}

static bool waits(const struct thread *t)
{
    return t->state == THREAD_BLOCKED || t->state == THREAD_STOPPED;
}

struct rq *waking_rq_lock(struct thread *t)
{
    for (;;) {
        struct rq *from = thread_rq_lock(t), *to;
        int cpu = waits(t) ? cpu_choose(t) : from->cpu;

        if (cpu == from->cpu)
            return from;
        to = &run_queues[cpu];
        spin_unlock(&from->lock);
        rq_lock_both(from, to);
        if (t->last_cpu == from->cpu && waits(t) && may_run_on(t, cpu)) {
            t->last_cpu = cpu;
            spin_unlock(&from->lock);
            return to;
        }
        spin_unlock(&to->lock); /* it was woken, or moved, in between */
        spin_unlock(&from->lock);
    }
}

/* The first of those who leave, or NULL. */
static struct thread *first_leaving(const struct rq *rq)
{
    return list_empty(&rq->leaving) ? NULL : list_entry(rq->leaving.next, struct thread, run_link);
}

void threads_deliver(struct rq *rq)
{
    for (;;) {
        struct thread *t;
        struct rq *to;

        rq_lock(rq);
        t = first_leaving(rq);
        to = t ? &run_queues[cpu_choose(t)] : rq;
        spin_unlock(&rq->lock);
        if (!t)
            return;
        if (to == rq)
            continue; /* its mask changed just now: who changed it takes it out */
        rq_lock_both(rq, to);
        if (first_leaving(rq) == t && may_run_on(t, to->cpu))
            thread_move(rq, to, t);
        spin_unlock(&to->lock);
        spin_unlock(&rq->lock);
    }
}
