/* Which CPUs a thread may run on (affinity.h). Lock: the thread table's keeps the thread alive, its run queue's guards its mask. */
#include "sched/affinity.h"
#include "lib/errno.h"
#include "sched/placement.h"
#include "sched/preempt.h"

static int set_mask(struct rq *rq, struct thread *t, u64 mask)
{
    t->cpu_mask = mask;
    trace(TRACE_AFFINITY, t, (u32)current()->tid, mask, 0);
    if (t->state == THREAD_RUNNING && !may_run_on(t, rq->cpu))
        resched(rq);
    else if (t->state == THREAD_READY && may_run_on(t, rq->cpu))
        smp_joined(rq, t); /* others may be told now that it waits */
    return 0;
}

/* A thread that waits in a queue of a CPU that it may not run on any more goes elsewhere. Interrupts off. */
static void leave_queue(struct thread *t)
{
    for (;;) {
        struct rq *from = thread_rq_lock(t), *to = &run_queues[cpu_choose(t)];
        bool stays = t->state != THREAD_READY || may_run_on(t, from->cpu);

        spin_unlock(&from->lock);
        if (stays)
            return;
        rq_lock_both(from, to);
        if (t->last_cpu == from->cpu && t->state == THREAD_READY && may_run_on(t, to->cpu))
            thread_move(from, to, t);
        spin_unlock(&to->lock);
        spin_unlock(&from->lock);
    }
}

int thread_set_affinity(tid_t tid, u64 mask)
{
    u64 flags = threads_lock_irq();
    struct thread *t = thread_find_locked(tid);
    int error = -ESRCH;

    if (t && t->state < THREAD_ZOMBIE) {
        struct rq *rq = thread_rq_lock(t);

        error = mask & __atomic_load_n(&cpus_online, __ATOMIC_RELAXED) ? set_mask(rq, t, mask) : -EINVAL;
        spin_unlock(&rq->lock);
        this_rq()->migrate_why = MIGRATE_AFFINITY;
        if (!error)
            leave_queue(t);
        this_rq()->migrate_why = MIGRATE_WAKE;
    }
    threads_unlock_irq(flags);
    preempt_point(); /* if it is the caller, it goes at once */
    return error;
}
