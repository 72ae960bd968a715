/* Critical sections: lab 2.2. Two strengths: without preemption, where other threads must stay out; without interrupts, where
   interrupt handlers must, too. Both nest, so that a function with a critical section may be called from inside another one. */
#include "base/lab.h"
#include "base/assert.h"
#include "sched/preempt.h"

void preempt_disable(void)
{
#if SOLVED >= 202
    this_cpu()->preempt_count++;
#else
    /* How many sections are open on this CPU? */
    lab_stub("2.2", "preempt_disable");
#endif
}

void preempt_enable(void)
{
#if SOLVED >= 202
    struct cpu *cpu = this_cpu();

    ASSERT(cpu->preempt_count, "preempt_enable: preemption was not disabled");
    if (--cpu->preempt_count == 0 && cpu->need_resched)
        preempt_point();
#else
    /* The tick may have wanted to preempt in between: who makes up for that, and when? */
    lab_stub("2.2", "preempt_enable");
#endif
}

u64 critical_enter(void)
{
#if SOLVED >= 202
    return irq_save();
#else
    /* The caller may have interrupts off already: how will critical_exit() know? */
    lab_stub("2.2", "critical_enter");
    return 0;
#endif
}

void critical_exit(u64 was)
{
#if SOLVED >= 202
    irq_restore(was);
    if (this_cpu()->need_resched)
        preempt_point();
#else
    /* Only the outermost section turns interrupts on again. */
    (void)was;
    lab_stub("2.2", "critical_exit");
#endif
}
