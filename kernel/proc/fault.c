/* Exceptions of programs. Lock: a page fault takes the address space's. */
#include "proc/fault.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "proc/oom.h"
#include "proc/process.h"
#include "proc/user_thread.h"
#include "sched/control.h"
#include "sched/preempt.h"

/* Makes the page that was touched, if that may be; with interrupts as they were, so that a copy inside a critical section is noticed.
   Returns 0 or what aspace_fault() says. */
static int make_page(const struct trap_frame *frame, uptr at)
{
    struct process *p = current_process();
    int error;

    if (!p->space || at >= USER_END)
        return -EFAULT;
    irq_restore(frame->rflags);
    do {
        mutex_lock(&p->space_lock);
        error = aspace_fault(p->space, at, frame->error & PAGE_FAULT_WRITE, frame->error & PAGE_FAULT_FETCH);
        mutex_unlock(&p->space_lock);
    } while (error == -ENOMEM && oom_make_room(OOM_FRAMES));
    irq_disable();
    return error;
}

/* Under the lock: another thread of the process may change its regions. */
static bool has_region(struct process *p, uptr at)
{
    bool has;

    mutex_lock(&p->space_lock);
    has = region_find(p->space, at);
    mutex_unlock(&p->space_lock);
    return has;
}

/* The signal that tells a program of its exception; error: why a page could not be made. Interrupts on. */
static int signal_of(const struct trap_frame *frame, int error, struct signal_info *info)
{
    switch (frame->vector) {
    case TRAP_PAGE_FAULT:
        info->code = error == -EIO ? BUS_ADRERR : has_region(current_process(), info->address) ? SEGV_ACCERR : SEGV_MAPERR;
        return error == -ENOMEM ? SIGKILL : error == -EIO ? SIGBUS : SIGSEGV;
    case TRAP_DIVISION:
        info->code = FPE_INTDIV;
        info->address = frame->rip;
        return SIGFPE;
    case TRAP_INVALID_INSTRUCTION:
        info->code = ILL_ILLOPN;
        info->address = frame->rip;
        return SIGILL;
    case TRAP_DEBUG:
    case TRAP_BREAKPOINT:
        info->code = TRAP_BRKPT;
        return SIGTRAP;
    case TRAP_FPU:
    case TRAP_SIMD:
        info->address = frame->rip;
        return SIGFPE;
    case TRAP_ALIGNMENT:
    case TRAP_STACK:
        info->code = SI_KERNEL;
        return SIGBUS;
    default:
        info->code = SI_KERNEL;
        return SIGSEGV;
    }
}

static void program_fault(const struct trap_frame *frame, uptr at, int error)
{
    struct user_thread *user = user_thread(current());
    struct signal_info info = { .address = at };
    int signal;

    user->fault_vector = frame->vector;
    user->fault_error = frame->vector == TRAP_PAGE_FAULT ? frame->error : 0;
    user->fault_at = at;
    irq_enable();
    signal = signal_of(frame, error, &info);
    signal_force(signal, &info);
    irq_disable();
}

bool process_fault(struct trap_frame *frame)
{
    bool user = frame_from_user(frame), page_fault = frame->vector == TRAP_PAGE_FAULT;
    uptr at = page_fault ? fault_address() : 0;
    int error;

    if (frame->vector == TRAP_NMI || frame->vector == TRAP_DOUBLE_FAULT || frame->vector == TRAP_MACHINE_CHECK)
        return false; /* the machine's, whoever was interrupted */
    if (!user && !(page_fault && in_user_copy(frame)))
        return false;
    if (!user && current()->user && user_thread(current())->no_fault) {
        user_copy_fail(frame);
        return true;
    }
    error = page_fault ? make_page(frame, at) : -EFAULT;
    if (!error)
        return true;
    if (user)
        program_fault(frame, at, error);
    else
        user_copy_fail(frame);
    return true;
}

void before_user_mode(struct trap_frame *frame)
{
    preempt_before_user();
    while (unlikely(current()->interrupted || current()->killed)) {
        irq_enable();
        thread_safe_point();
        signals_deliver(frame);
        irq_disable();
        preempt_before_user();
    }
}
