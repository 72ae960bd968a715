/* Threads that change their run queue (placement.h). */
#include "sched/placement.h"
#include "lib/errno.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/thread.h"

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

static int set_mask(struct rq *rq, struct thread *t, u64 mask)
{
    t->cpu_mask = mask;
    if (t->state == THREAD_RUNNING && !may_run_on(t, rq->cpu))
        resched(rq);
    if (t->leaving && may_run_on(t, rq->cpu)) {
        sched_dequeue(rq, t);
        sched_enqueue(rq, t, ENQUEUE_CHANGED);
    }
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

    if (t && t->state != THREAD_ZOMBIE) {
        struct rq *rq = thread_rq_lock(t);

        error = mask & __atomic_load_n(&cpus_online, __ATOMIC_RELAXED) ? set_mask(rq, t, mask) : -EINVAL;
        spin_unlock(&rq->lock);
        if (!error)
            leave_queue(t);
    }
    threads_unlock_irq(flags);
    preempt_point(); /* if it is the caller, it goes at once */
    return error;
}
