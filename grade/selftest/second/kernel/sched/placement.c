/* A second solution of lab 4.3: idle CPUs or all as one mask, locks by the smaller and the greater number. */
#include "sched/placement.h"
#include "arch/smp.h"
#include "sched/preempt.h"

/* The first CPU of a mask, which is not empty. */
static int first_of(u64 mask)
{
    int cpu = 0;

    while (!(mask >> cpu & 1))
        cpu++;
    return cpu;
}

/* A CPU that is free is better than one that is not, and of either kind the one where t was. */
int cpu_choose(const struct thread *t)
{
    int was = __atomic_load_n(&t->last_cpu, __ATOMIC_RELAXED);
    u64 may = __atomic_load_n(&t->cpu_mask, __ATOMIC_RELAXED) & __atomic_load_n(&cpus_online, __ATOMIC_SEQ_CST);
    u64 best = may & __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST);

    if (!best)
        best = may;
    return best >> was & 1 ? was : first_of(best);
}

struct rq *thread_rq_lock(const struct thread *t)
{
    struct rq *rq = &run_queues[__atomic_load_n(&t->last_cpu, __ATOMIC_RELAXED)];

    rq_lock(rq);
    while (rq != &run_queues[__atomic_load_n(&t->last_cpu, __ATOMIC_RELAXED)]) {
        spin_unlock(&rq->lock);
        rq = &run_queues[__atomic_load_n(&t->last_cpu, __ATOMIC_RELAXED)];
        rq_lock(rq);
    }
    return rq;
}

void rq_lock_both(struct rq *a, struct rq *b)
{
    rq_lock(&run_queues[min(a->cpu, b->cpu)]);
    rq_lock(&run_queues[max(a->cpu, b->cpu)]);
}

void thread_move(struct rq *from, struct rq *to, struct thread *t)
{
    sched_dequeue(from, t);
    t->last_cpu = to->cpu;
    sched_enqueue(to, t, ENQUEUE_CHANGED);
    sched_check_preempt(to, t);
}

void resched_remote(struct rq *rq)
{
    ipi_send(cpus[rq->cpu].arch.apic_id, VECTOR_RESCHEDULE);
}
