/* System calls on signals, as who hears them sees it: actions, masks, waiting, the stack that handlers have. Sending is in sys_kill.c. */
#include "arch/signal_frame.h"
#include "base/lock.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/interrupt.h"
#include "syscall/calls.h"

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ 2048
#define SA_HONOURED (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND)

static struct wait_queue pausing = WAIT_QUEUE(pausing, "a signal"); /* nobody wakes it: signals end the wait */
static struct spinlock pausing_lock = SPINLOCK("pausing", RANK_WAIT);

/* Waits for a signal, until `when` (ns; ~0: for ever). Returns -ERESTART or -ETIMEDOUT. */
static int wait_for_signal(u64 when)
{
    u64 flags = spin_lock_irq(&pausing_lock);
    int error = 0;

    while (!error)
        error = when == ~0ul ? wait_interruptible(&pausing, &pausing_lock) : wait_interruptible_until(&pausing, &pausing_lock, when);
    spin_unlock_irq(&pausing_lock, flags);
    return error;
}

/* Nobody will hear it any more. */
static void signal_forget_locked(struct process *p, int signal)
{
    signals_forget(&p->signals, SIGNAL_BIT(signal));
    list_for_each(it, &p->threads) {
        const struct thread *t = list_entry(it, struct thread, owner_link);

        if (t->user)
            signals_forget(&user_thread(t)->own, SIGNAL_BIT(signal));
    }
}

s64 sys_rt_sigaction(int signal, uptr new, uptr old, size_t set_size)
{
    struct process *p = current_process();
    struct signal_action action, before;
    u64 flags;

    if (set_size != sizeof(u64))
        return -EINVAL;
    if (new && copyin(&action, new, sizeof(action)))
        return -EFAULT;
    if (signal < 1 || signal > NSIG || (new && SIGNALS_UNBLOCKABLE & SIGNAL_BIT(signal)))
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    before = p->signals.action[signal - 1];
    if (new) {
        action.flags &= SA_HONOURED;
        action.mask &= ~SIGNALS_UNBLOCKABLE;
        p->signals.action[signal - 1] = action;
        if (signal_ignored(p, signal))
            signal_forget_locked(p, signal);
    }
    spin_unlock_irq(&processes_lock, flags);
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}

s64 sys_rt_sigprocmask(int how, uptr new, uptr old, size_t set_size)
{
    u64 before = user_thread(current())->blocked, set;

    if (set_size != sizeof(set))
        return -EINVAL;
    if (new) {
        if (copyin(&set, new, sizeof(set)))
            return -EFAULT;
        if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
            return -EINVAL;
        signal_mask_set(how == SIG_BLOCK ? before | set : how == SIG_UNBLOCK ? before & ~set : set);
    }
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}

s64 sys_rt_sigreturn(void)
{
    return signal_return(user_frame(current()->user));
}

s64 sys_rt_sigpending(uptr set, size_t set_size)
{
    u64 pending = (current_process()->signals.pending | user_thread(current())->own.pending) & user_thread(current())->blocked;

    if (set_size > sizeof(pending))
        return -EINVAL;
    return copyout(set, &pending, set_size);
}

s64 sys_rt_sigsuspend(uptr mask, size_t set_size)
{
    struct user_thread *user = user_thread(current());
    u64 set;

    if (set_size != sizeof(set))
        return -EINVAL;
    if (copyin(&set, mask, sizeof(set)))
        return -EFAULT;
    user->saved_mask = user->blocked;
    user->restore_mask = true;
    signal_mask_set(set);
    wait_for_signal(~0ul);
    return -ERESTART_NO_HANDLER;
}

s64 sys_pause(void)
{
    wait_for_signal(~0ul);
    return -ERESTART_NO_HANDLER;
}

/* From a struct timespec of the program's, how long from now, to when (ns). */
static int user_time_until(uptr at, u64 *when)
{
    s64 time[2];

    if (copyin(time, at, sizeof(time)))
        return -EFAULT;
    if (time[0] < 0 || time[1] < 0 || time[1] >= (s64)NS_PER_SEC)
        return -EINVAL;
    *when = clock_ns() + min((u64)time[0], 1ul << 33) * NS_PER_SEC + (u64)time[1];
    return 0;
}

static void awaits(struct user_thread *user, u64 set)
{
    u64 flags = spin_lock_irq(&processes_lock);

    user->awaited = set;
    spin_unlock_irq(&processes_lock, flags);
}

s64 sys_rt_sigtimedwait(uptr set_at, uptr info_at, uptr limit, size_t set_size)
{
    struct process *p = current_process();
    struct user_thread *user = user_thread(current());
    u64 set, blocked = user->blocked, when = ~0ul, flags;
    struct signal_info info;
    int signal, error = 0;

    if (set_size != sizeof(set))
        return -EINVAL;
    if (copyin(&set, set_at, sizeof(set)))
        return -EFAULT;
    if (limit) {
        error = user_time_until(limit, &when);
        if (error)
            return error;
    }
    set &= ~SIGNALS_UNBLOCKABLE;
    awaits(user, blocked & set);
    signal_mask_set(blocked & ~set); /* so that one of them ends the wait */
    for (;;) {
        flags = spin_lock_irq(&processes_lock);
        signal = signal_take_any(p, ~set, &info);
        spin_unlock_irq(&processes_lock, flags);
        if (signal || error)
            break;
        error = wait_for_signal(when);
    }
    awaits(user, 0);
    signal_mask_set(blocked);
    if (!signal)
        return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
    if (info_at) {
        struct user_siginfo to = info_for_user(signal, &info);

        error = copyout(info_at, &to, sizeof(to));
        if (error)
            return error;
    }
    return signal;
}

s64 sys_sigaltstack(uptr new, uptr old)
{
    struct user_thread *user = user_thread(current());
    bool in_use = on_altstack(user, user_frame(current()->user)->rsp);
    struct signal_stack before = user->altstack, stack = { 0 };

    before.flags = !before.size ? SS_DISABLE : in_use ? SS_ONSTACK : 0;
    if (new && copyin(&stack, new, sizeof(stack)))
        return -EFAULT;
    if (new && in_use)
        return -EPERM;
    if (new && stack.flags && stack.flags != SS_DISABLE && stack.flags != SS_ONSTACK)
        return -EINVAL;
    if (new && !(stack.flags & SS_DISABLE) && stack.size < MINSIGSTKSZ)
        return -ENOMEM;
    if (new)
        user->altstack = stack.flags & SS_DISABLE ? (struct signal_stack){ 0 } : stack;
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}
