/* Where every exception and interrupt arrives from arch (arch/upcall.h). Interrupts off, on the interrupted stack or, for #DF,
   NMI and #MC, on a stack of their own. */
#include "arch/trap_frame.h"
#include "arch/upcall.h"
#include "arch/user.h"
#include "base/interrupt.h"
#include "base/panic.h"
#include "proc/fault.h"
#include "sched/preempt.h"

void trap(struct trap_frame *f)
{
    if (f->vector >= TRAP_EXCEPTIONS && interrupt(f->vector))
        preempt_from_interrupt();
    else if (!process_fault(f))
        trap_panic(f);
    if (frame_from_user(f))
        before_user_mode(f);
}
