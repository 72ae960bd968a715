/* A second solution of lab 3.8b: each of the two questions as a row of cases. */
#include "arch/signal_frame.h"
#include "base/lab.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/group.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/control.h"

#define RED_ZONE 128 /* bytes below its stack pointer that a function may use: System V ABI */
#define SS_ONSTACK 1
#define SS_DISABLE 2

/* On the program's stack; its first word is where the handler returns to. */
struct signal_frame {
    uptr restorer;
    u64 flags, link;
    struct signal_stack stack;
    struct signal_registers registers;
    u64 mask;
    struct user_siginfo info;
};

_Static_assert(sizeof(struct user_siginfo) == 128 && offsetof(struct signal_frame, info) == 312, "the layout of the ABI");

bool signal_waits(void)
{
    return current()->interrupted;
}

bool on_altstack(const struct user_thread *user, uptr rsp)
{
    return user->altstack.size && rsp - user->altstack.start <= user->altstack.size && rsp != user->altstack.start;
}

struct user_siginfo info_for_user(int signal, const struct signal_info *info)
{
    struct user_siginfo to = { .signal = signal, .code = info->code };
    bool fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP;

    if (fault && info->code > 0) {
        to.address = info->address;
    } else {
        to.pid = info->pid;
        to.uid = info->uid;
        to.value = info->value;
    }
    return to;
}

/* Where the handler's frame begins: below what the program uses, on its own stack or on the one that it has for signals. */
static uptr stack_for(const struct user_thread *user, const struct trap_frame *frame, const struct signal_action *action)
{
    uptr below_what_runs = frame->rsp - RED_ZONE;

    if (!(action->flags & SA_ONSTACK))
        return below_what_runs;
    if (on_altstack(user, frame->rsp))
        return below_what_runs;
    return user->altstack.size ? user->altstack.start + user->altstack.size : below_what_runs;
}

/* Lays out the frame and lets the thread go on with the handler. Returns 0, or -EFAULT: there is no room on its stack. */
static int call_handler(struct trap_frame *frame, int signal, const struct signal_info *info, const struct signal_action *action)
{
    struct user_thread *user = user_thread(current());
    uptr fpu = align_down(stack_for(user, frame, action) - FPU_STATE_SIZE, 64);
    uptr at = align_down(fpu - sizeof(struct signal_frame), 16) - 8; /* as if it had been called */
    struct signal_frame out = { .restorer = action->restorer, .stack = user->altstack };
    u64 flags;

    out.stack.flags = !user->altstack.size ? SS_DISABLE : on_altstack(user, frame->rsp) ? SS_ONSTACK : 0;
    signal_registers_get(&out.registers, frame);
    out.registers.error = user->fault_error;
    out.registers.vector = user->fault_vector;
    out.registers.fault_address = user->fault_at;
    out.registers.fpu = fpu;
    out.mask = user->restore_mask ? user->saved_mask : user->blocked;
    out.registers.old_mask = out.mask;
    out.info = info_for_user(signal, info);
    flags = irq_save();
    user_context_save(&user->context);
    irq_restore(flags);
    if (!(action->flags & SA_RESTORER) || copyout(fpu, user->context.fpu, FPU_STATE_SIZE) || copyout(at, &out, sizeof(out)))
        return -EFAULT;
    user->restore_mask = false;
    signal_mask_set(user->blocked | action->mask | (action->flags & SA_NODEFER ? 0 : SIGNAL_BIT(signal)));
    signal_call(frame, action->handler, at, signal, at + offsetof(struct signal_frame, info), at + offsetof(struct signal_frame, flags));
    return 0;
}

s64 signal_return(struct trap_frame *frame)
{
    struct user_thread *user = user_thread(current());
    struct signal_frame in;
    u8 fpu[FPU_STATE_SIZE];

    if (copyin(&in, frame->rsp - sizeof(in.restorer), sizeof(in)) ||
        (in.registers.fpu && copyin(fpu, in.registers.fpu, sizeof(fpu)))) {
        signal_force(SIGSEGV, &(struct signal_info){ .code = SI_KERNEL });
        return 0;
    }
    signal_registers_set(frame, &in.registers);
    if (in.registers.fpu)
        user_fpu_set(&user->context, fpu);
    signal_mask_set(in.mask);
    user->altstack = in.stack.flags & SS_DISABLE ? (struct signal_stack){ 0 } : in.stack;
    return (s64)frame->rax;
}

/* The running thread of a process that is stopped does not go on before that does. */
static void stand_still(u64 flags)
{
    (void)thread_suspend_begin(current()->tid); /* under the lock: who continues it finds a thread that is to stand still */
    spin_unlock_irq(&processes_lock, flags);
    thread_suspend_here();
}

/* Unless SIGCONT or SIGKILL came since the signal was taken, or the terminal's signals stop a group that nobody looks after: nobody would
   wake it again. */
static void stop(struct process *p, int signal)
{
    u64 flags = spin_lock_irq(&processes_lock);

    if (!p->stopping || (signal != SIGSTOP && group_is_orphaned_locked(p->pgid))) {
        p->stopping = false;
        spin_unlock_irq(&processes_lock, flags);
        return;
    }
    p->stopping = false;
    p->stopped = p->stop_news = true;
    p->continue_news = false;
    p->stop_signal = signal;
    list_for_each(it, &p->threads)
        if (list_entry(it, struct thread, owner_link) != current())
            thread_interrupt(list_entry(it, struct thread, owner_link)); /* it stands still where it would hear signals */
    parent_hears_locked(p, CLD_STOPPED, signal);
    stand_still(flags);
}

/* What happens to a process that has made no other arrangement. Process 1 is ended by its own faults alone. */
static void default_action(struct process *p, int signal, const struct signal_info *info)
{
    bool fault = SIGNALS_OF_FAULTS & SIGNAL_BIT(signal) && info->code > SI_USER;

    if (signal_ignored(p, signal) || (p == &first_process && !fault))
        return;
    if (SIGNALS_STOP & SIGNAL_BIT(signal))
        stop(p, signal);
    else
        process_end(signal);
}

/* Takes the next signal, and its action as it is now. 0: none. A thread that has to leave does not come back. */
static int next(struct process *p, const struct user_thread *user, struct signal_info *info, struct signal_action *action)
{
    u64 flags = spin_lock_irq(&processes_lock);
    int signal;

    while (p->stopped && !thread_is_dismissed_locked(current())) {
        stand_still(flags);
        flags = spin_lock_irq(&processes_lock);
    }
    if (thread_is_dismissed_locked(current())) {
        spin_unlock_irq(&processes_lock, flags);
        process_exit(p->exit_status);
    }
    signal = signal_take_any(p, user->blocked, info);
    if (signal) {
        *action = p->signals.action[signal - 1];
        p->stopping = SIGNALS_STOP & SIGNAL_BIT(signal);
        if (action->flags & SA_RESETHAND)
            p->signals.action[signal - 1].handler = SIG_DFL;
    } else {
        current()->interrupted = false;
    }
    spin_unlock_irq(&processes_lock, flags);
    return signal;
}

/* What becomes of a system call that a signal interrupted. handler: the one that will run, or NULL. */
static void settle_call(struct trap_frame *frame, const struct signal_action *handler)
{
    bool again = !handler;

    if (frame->vector != TRAP_SYSCALL)
        return;
    switch ((s64)frame->rax) {
    case -ERESTART:
        again |= handler && handler->flags & SA_RESTART;
        break;
    case -ERESTART_NO_HANDLER:
        break;
    default:
        return;
    }
    if (again)
        syscall_again(frame);
    else
        frame->rax = (u64)-EINTR;
}

void signals_deliver(struct trap_frame *frame)
{
    struct process *p = current_process();
    struct user_thread *user = user_thread(current());
    struct signal_action action = { 0 };
    struct signal_info info = { 0 };
    int signal;

    while ((signal = next(p, user, &info, &action)) != 0) {
        if (action.handler == SIG_IGN)
            continue;
        if (action.handler == SIG_DFL) {
            default_action(p, signal, &info);
            continue;
        }
        settle_call(frame, &action);
        if ((s64)frame->rax == -EINTR)
            user->sleep_until = 0; /* the sleep is over: the next one is another */
        if (call_handler(frame, signal, &info, &action))
            process_end(SIGSEGV);
    }
    settle_call(frame, NULL);
    if (user->restore_mask) {
        user->restore_mask = false;
        signal_mask_set(user->saved_mask);
    }
}
