/* Preemption: where it may happen, and that it does. Interrupts off in all of it. */
#include "sched/preempt.h"
#include "base/assert.h"

static bool kernel_preemption = true;

void preempt_set_kernel(bool allowed)
{
    kernel_preemption = allowed;
}

/* Whether whoever runs here may lose the CPU. A spinlock that is held keeps interrupts off, so none can be held here. */
static bool allowed(const struct cpu *cpu)
{
    return !cpu->preempt_count && (kernel_preemption || cpu->current == cpu->rq->idle);
}

/* The idle thread is in no queue and needs no exercise to make room. */
static void leave_idle(struct rq *rq)
{
    thread_set_state(rq->curr, THREAD_READY);
    schedule(rq);
}

static void preempt(void)
{
    struct rq *rq = this_rq_lock();

    if (rq->curr == rq->idle) {
        leave_idle(rq);
    } else {
        rq->nr_preemptions++;
        preempt_locked(rq);
        ASSERT(!irq_enabled(), "preempt_locked: came back with interrupts on; schedule() comes back with interrupts off");
        ASSERT(!spin_held(&this_rq()->lock), "preempt_locked: came back with the run queue's lock held; schedule() gives it up");
    }
}

void preempt_from_interrupt(void)
{
    struct cpu *cpu = this_cpu();

    if (cpu->need_resched && allowed(cpu))
        preempt();
}

#if PHASE >= 3
void preempt_before_user(void)
{
    if (this_cpu()->need_resched)
        preempt();
}
#endif

/* Interrupts on or off; where they are off, whoever turned them off is not done yet. */
void preempt_point(void)
{
    u64 flags;

    if (!irq_enabled())
        return;
    flags = irq_save();
    preempt_from_interrupt();
    irq_restore(flags);
}

void preempt_by_force(void)
{
    struct thread *me = current();

    if (me == this_rq()->idle || !this_rq()->nr_ready)
        return;
    me->slice_start = thread_ran(this_rq(), me) - rr_quantum(me); /* its quantum is over */
    preempt();
}

u64 thread_ran(const struct rq *rq, const struct thread *t)
{
    return t->cpu_cycles + (t == rq->curr ? rq->clock : 0);
}
