/* Where every exception and interrupt arrives from arch (arch/upcall.h). Interrupts off, on the interrupted stack or, for #DF,
   NMI and #MC, on a stack of their own. */
#include "arch/trap_frame.h"
#include "arch/upcall.h"
#include "base/panic.h"
#if PHASE >= 2
#include "base/interrupt.h"
#include "sched/preempt.h"
#endif

void trap(struct trap_frame *f)
{
#if PHASE >= 2
    if (f->vector >= TRAP_EXCEPTIONS && interrupt(f->vector)) {
        preempt_from_interrupt();
        return;
    }
#endif
    trap_panic(f);
}
