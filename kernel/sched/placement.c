/* Which CPU's run queue: lab 4.3. The rules are in placement.h. Interrupts are off. */
#include "sched/placement.h"
#include "arch/smp.h"
#include "base/lab.h"
#include "sched/preempt.h"

int cpu_choose(const struct thread *t)
{
#if SOLVED >= 403
    u64 may = t->cpu_mask & __atomic_load_n(&cpus_online, __ATOMIC_RELAXED);
    u64 idle = may & __atomic_load_n(&idle_cpus, __ATOMIC_RELAXED);
    u64 last = 1ul << t->last_cpu;

    if (may & last && (!idle || idle & last))
        return t->last_cpu;
    return __builtin_ctzl(idle ? idle : may);
#else
    /* t->cpu_mask says where t may run, cpus_online where anybody may, idle_cpus where nobody does. */
    lab_stub_beside_others("4.3", "cpu_choose");
    if (!may_run_on(t, t->last_cpu))
        panic("lab 4.3: cpu_choose is yours to write (kernel/sched/placement.c)");
    return t->last_cpu;
#endif
}

struct rq *thread_rq_lock(const struct thread *t)
{
#if SOLVED >= 403
    for (;;) {
        struct rq *rq = &run_queues[__atomic_load_n(&t->last_cpu, __ATOMIC_RELAXED)];

        rq_lock(rq);
        if (t->last_cpu == rq->cpu)
            return rq;
        spin_unlock(&rq->lock);
    }
#else
    /* While you waited for the lock, t may have moved: then you hold the lock of a queue that is no longer its own. */
    struct rq *rq = &run_queues[t->last_cpu];

    lab_stub_beside_others("4.3", "thread_rq_lock");
    rq_lock(rq);
    return rq;
#endif
}

void rq_lock_both(struct rq *a, struct rq *b)
{
#if SOLVED >= 403
    rq_lock(a->cpu < b->cpu ? a : b);
    rq_lock(a->cpu < b->cpu ? b : a);
#else
    /* Another CPU may want the same two, named the other way round. */
    lab_stub("4.3", "rq_lock_both");
    rq_lock(a);
    rq_lock(b);
#endif
}

void thread_move(struct rq *from, struct rq *to, struct thread *t)
{
#if SOLVED >= 403
    sched_dequeue(from, t);
    t->last_cpu = to->cpu;
    sched_enqueue(to, t, ENQUEUE_CHANGED);
    sched_check_preempt(to, t);
#else
    /* It keeps its place in time among those who wait (ENQUEUE_CHANGED). The CPU that it comes to may be idle, or run somebody who
       has to make room. */
    (void)from, (void)to, (void)t;
    panic("lab 4.3: thread_move is yours to write (kernel/sched/placement.c)");
#endif
}

void resched_remote(struct rq *rq)
{
#if SOLVED >= 403
    ipi_send(cpus[rq->cpu].arch.apic_id, VECTOR_RESCHEDULE);
#else
    /* It may be waiting for an interrupt, or in a program's loop: it looks at need_resched when an interrupt comes (ipi_send()). */
    (void)rq;
    lab_stub("4.3", "resched_remote");
#endif
}
