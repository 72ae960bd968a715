/* Exceptions of programs. Lock: a page fault takes the address space's. */
#include "proc/fault.h"
#include "arch/user.h"
#include "base/printk.h"
#include "lib/errno.h"
#include "proc/process.h"
#include "sched/control.h"
#include "sched/preempt.h"

/* Makes the page that was touched, if that may be. Returns 0 or what aspace_fault() says. */
static int make_page(const struct trap_frame *frame, uptr at)
{
    struct process *p = current_process();
    int error;

    if (!p->space || at >= USER_END)
        return -EFAULT;
    irq_enable();
    mutex_lock(&p->space_lock);
    error = aspace_fault(p->space, at, frame->error & PAGE_FAULT_WRITE, frame->error & PAGE_FAULT_FETCH);
    mutex_unlock(&p->space_lock);
    irq_disable();
    return error;
}

static void program_fault(struct trap_frame *frame, uptr at)
{
    irq_enable();
    printk("%s[%d]: exception %lu at %#lx, address %#lx, error %#lx\n", current_process()->name, current_process()->pid, frame->vector,
           frame->rip, at, frame->error);
    process_exit(11);
}

bool process_fault(struct trap_frame *frame)
{
    bool user = frame_from_user(frame), page_fault = frame->vector == TRAP_PAGE_FAULT;
    uptr at = page_fault ? fault_address() : 0;
    int error;

    if (!user && !(page_fault && in_user_copy(frame)))
        return false;
    error = page_fault ? make_page(frame, at) : -EFAULT;
    if (!error)
        return true;
    if (user)
        program_fault(frame, at);
    else
        user_copy_fail(frame);
    return true;
}

void before_user_mode(struct trap_frame *frame)
{
    (void)frame;
    preempt_before_user();
    if (unlikely(current()->killed)) {
        irq_enable();
        thread_safe_point();
    }
}
