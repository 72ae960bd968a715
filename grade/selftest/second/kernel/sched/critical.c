/* A second solution of lab 2.2: whoever leaves returns early unless it is the outermost; critical_enter() says yes or no instead of handing
   out the flags. */
#include "sched/preempt.h"

void preempt_disable(void)
{
    struct cpu *cpu = this_cpu();

    cpu->preempt_count = cpu->preempt_count + 1;
}

static void make_up(void)
{
    if (!this_cpu()->need_resched)
        return;
    preempt_point();
}

void preempt_enable(void)
{
    u32 open = this_cpu()->preempt_count;

    if (!open)
        panic("preempt_enable: preemption was not disabled");
    this_cpu()->preempt_count = open - 1;
    if (open > 1)
        return;
    make_up();
}

u64 critical_enter(void)
{
    bool outermost = irq_enabled();

    if (outermost)
        irq_disable();
    return outermost;
}

void critical_exit(u64 outermost)
{
    if (!outermost)
        return;
    irq_enable();
    make_up();
}
