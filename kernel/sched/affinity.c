/* Which CPUs a thread may run on (affinity.h). Lock: the thread table's keeps the thread alive, its run queue's guards its mask. */
#include "sched/affinity.h"
#include "lib/errno.h"
#include "sched/classes.h"
#include "sched/placement.h"
#include "sched/preempt.h"

/* Whoever may not stay where it is is taken out of the reach of that CPU's scheduler under the same lock: nobody is picked by a mask of
   before. Who waits there is put aside, and delivered by the caller; who runs, by its CPU when it makes room. rq->lock held. */
static void set_mask(struct rq *rq, struct thread *t, u64 mask)
{
    t->cpu_mask = mask;
    trace(TRACE_AFFINITY, t, (u32)current()->tid, mask, 0);
    if (t->state == THREAD_RUNNING && !may_run_on(t, rq->cpu)) {
        resched(rq);
    } else if (t->state == THREAD_READY && !may_run_on(t, rq->cpu)) {
        sched_dequeue(rq, t);
        sched_enqueue(rq, t, ENQUEUE_CHANGED);
    } else if (t->state == THREAD_READY) {
        smp_joined(rq, t); /* others may be told now that it waits */
    }
}

int thread_set_affinity(tid_t tid, u64 mask)
{
    u64 flags = threads_lock_irq();
    struct thread *t = thread_find_locked(tid);
    int error = -ESRCH;

    if (t && t->state < THREAD_ZOMBIE) {
        struct rq *rq = thread_rq_lock(t);

        error = mask & __atomic_load_n(&cpus_online, __ATOMIC_RELAXED) ? 0 : -EINVAL;
        error = error ? error : class_set_mask(t, &mask);
        if (!error)
            set_mask(rq, t, mask);
        spin_unlock(&rq->lock);
        threads_deliver(rq);
    }
    threads_unlock_irq(flags);
    preempt_point(); /* if it is the caller, it goes at once */
    return error;
}

u64 thread_affinity(const struct thread *t)
{
    return class_mask(t) & __atomic_load_n(&cpus_online, __ATOMIC_RELAXED);
}
