/* Threads that change their run queue (placement.h). */
#include "arch/smp.h"
#include "sched/account.h"
#include "sched/classes.h"
#include "sched/placement.h"

u64 idle_cpus;

void smp_trace_joins(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    if (t->traced_cpu != rq->cpu && why != ENQUEUE_NEW)
        trace_write(TRACE_MIGRATE, t, 0, t->traced_cpu, (u64)rq->cpu, this_rq()->migrate_why, class_arrives(rq, t));
    t->traced_cpu = (u8)rq->cpu;
}

static bool waits(const struct thread *t)
{
    return t->state == THREAD_BLOCKED || t->state == THREAD_STOPPED || t->state == THREAD_NEW;
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
            thread_wait_settle(from, t);
            t->last_cpu = cpu;
            spin_unlock(&from->lock);
            return to;
        }
        spin_unlock(&to->lock); /* it was woken, or moved, in between */
        spin_unlock(&from->lock);
    }
}

/* t is in the table already, and who found it there may hold its queue's lock. */
struct rq *new_thread_rq_lock(struct thread *t)
{
    return waking_rq_lock(t);
}

static bool put_aside(struct rq *rq, struct thread *t)
{
    if (may_run_on(t, rq->cpu) && !t->suspended)
        return false;
    if (class_held_back(rq, t))
        smp_count_ready(rq); /* here everybody counts */
    t->leaving = true;
    list_push_tail(&rq->leaving, &t->run_link);
    return true;
}

void smp_join(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    if (put_aside(rq, t))
        return;
    t->class->enqueue_task(rq, t, why);
    smp_joined(rq, t);
}

void smp_joined(const struct rq *rq, const struct thread *t)
{
    if (__atomic_load_n(&steal_in_vain, __ATOMIC_SEQ_CST) && rq->nr_ready + (rq->curr != rq->idle && rq->curr != t) > 1)
        balance_tell_idle(rq, t);
}

/* Without a lock: if t has gone on since what is new was written, it has passed through the kernel, or has still to. */
void smp_look(const struct thread *t)
{
    if (t->state == THREAD_RUNNING && t != current())
        ipi_send(cpus[t->last_cpu].arch.apic_id, VECTOR_RESCHEDULE);
}

void smp_interrupt(const struct rq *rq)
{
    ipi_send(cpus[rq->cpu].arch.apic_id, VECTOR_RESCHEDULE);
}

/* The first of those who leave, or NULL. */
static struct thread *first_leaving(const struct rq *rq)
{
    return list_empty(&rq->leaving) ? NULL : list_entry(rq->leaving.next, struct thread, run_link);
}

/* t, which was put aside, is to stand still, or may run here after all, since that was changed back. Returns false if it has to go
   elsewhere. rq->lock held. */
static bool settle_here(struct rq *rq, struct thread *t)
{
    if (!t->suspended && !may_run_on(t, rq->cpu))
        return false;
    sched_dequeue(rq, t);
    if (t->suspended) {
        thread_set_state(t, THREAD_STOPPED);
        t->blocked_since = clock_ns();
    } else {
        sched_enqueue(rq, t, ENQUEUE_CHANGED);
        sched_check_preempt(rq, t);
    }
    return true;
}

void threads_deliver(struct rq *rq)
{
    for (;;) {
        struct thread *t;
        struct rq *to;

        rq_lock(rq);
        while ((t = first_leaving(rq)) != NULL && settle_here(rq, t))
            continue;
        to = t ? &run_queues[cpu_choose(t)] : NULL;
        spin_unlock(&rq->lock);
        if (!t)
            return;
        this_rq()->migrate_why = MIGRATE_AFFINITY;
        rq_lock_both(rq, to);
        if (first_leaving(rq) == t && may_run_on(t, to->cpu))
            thread_move(rq, to, t);
        this_rq()->migrate_why = MIGRATE_WAKE;
        spin_unlock(&to->lock);
        spin_unlock(&rq->lock);
    }
}
