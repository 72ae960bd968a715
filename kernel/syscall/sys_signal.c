/* System calls on signals. */
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
#define ITIMER_REAL 0
#define SA_HONOURED (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND)

#define ALARM_LEAST_NS (100 * 1000) /* between two rings of an alarm */

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

    if (set_size != sizeof(u64) || signal < 1 || signal > NSIG || (new && SIGNALS_UNBLOCKABLE & SIGNAL_BIT(signal)))
        return -EINVAL;
    if (new && copyin(&action, new, sizeof(action)))
        return -EFAULT;
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
    signal_mask_set(blocked & ~set); /* so that one of them ends the wait */
    for (;;) {
        flags = spin_lock_irq(&processes_lock);
        signal = signal_take_any(p, ~set, &info);
        spin_unlock_irq(&processes_lock, flags);
        if (signal || error)
            break;
        error = wait_for_signal(when);
    }
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
    if (new && stack.flags & ~(SS_DISABLE | SS_ONSTACK))
        return -EINVAL;
    if (new && !(stack.flags & SS_DISABLE) && stack.size < MINSIGSTKSZ)
        return -ENOMEM;
    if (new)
        user->altstack = stack.flags & SS_DISABLE ? (struct signal_stack){ 0 } : stack;
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}

/* --- sending ------------------------------------------------------------------------------------------------------------------------ */

/* To one process, or to one of its threads. 0: only asks whether it could. queued: what comes with it, and may not be lost; or NULL. */
static int send_locked(struct process *to, struct thread *thread, int signal, const struct signal_info *queued)
{
    const struct process *me = current_process();
    struct signal_info info = { .code = thread ? SI_TKILL : SI_USER, .pid = me->pid, .uid = me->cred.uid.real };
    int error;

    if (!may_signal_locked(to, signal))
        return -EPERM;
    if (!signal)
        return 0;
    if (queued)
        info = *queued;
    error = thread ? signal_send_thread_locked(to, thread, signal, &info) : signal_send_locked(to, signal, &info);
    return queued ? error : 0;
}

/* To all of a group (0: to all but process 1 and the caller). One that could be sent to is success. */
static int send_many_locked(pid_t group, int signal)
{
    int result = -ESRCH;

    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);
        int error;

        if (group ? p->pgid != group : p == &first_process || p == current_process() || !p->space)
            continue;
        error = send_locked(p, NULL, signal, NULL);
        if (!error || result == -ESRCH)
            result = error;
    }
    return result;
}

s64 sys_kill(int pid, int signal)
{
    struct process *p;
    u64 flags;
    int error;

    if (signal < 0 || signal > NSIG)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    flags = spin_lock_irq(&processes_lock);
    if (pid > 0) {
        p = process_find_locked(pid);
        error = p ? send_locked(p, NULL, signal, NULL) : -ESRCH;
    } else {
        error = send_many_locked(pid == -1 ? 0 : pid ? -pid : current_process()->pgid, signal);
    }
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

/* process 0: whichever has the thread. */
static int send_thread(pid_t process, tid_t tid, int signal, const struct signal_info *queued)
{
    u64 flags;
    int error = -ESRCH;

    if (tid <= 0 || signal < 0 || signal > NSIG)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);
        struct thread *t = process && p->pid != process ? NULL : user_thread_find_locked(p, tid);

        if (t)
            error = send_locked(p, t, signal, queued);
        else if (p->pid == tid && (!process || p->pid == process))
            error = send_locked(p, NULL, signal, queued); /* it has left, and its process has not, or not yet been waited for */
    }
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

s64 sys_tgkill(int process, int thread, int signal)
{
    return process > 0 ? send_thread(process, thread, signal, NULL) : -EINVAL;
}

s64 sys_tkill(int thread, int signal)
{
    return send_thread(0, thread, signal, NULL);
}

/* What a program gives along. Only to itself may it say what the kernel says. */
static int queued_info(struct signal_info *info, uptr at, pid_t to)
{
    struct user_siginfo from;

    if (copyin(&from, at, sizeof(from)))
        return -EFAULT;
    if ((from.code >= 0 || from.code == SI_TKILL) && to != current_process()->pid)
        return -EPERM;
    *info = (struct signal_info){ .code = from.code, .pid = from.pid, .uid = from.uid, .value = from.value };
    return 0;
}

s64 sys_rt_sigqueueinfo(int pid, int signal, uptr at)
{
    struct signal_info info;
    struct process *p;
    int error = queued_info(&info, at, pid);
    u64 flags;

    if (error)
        return error;
    if (signal < 0 || signal > NSIG)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    p = pid > 0 ? process_find_locked(pid) : NULL;
    error = p ? send_locked(p, NULL, signal, &info) : -ESRCH;
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

s64 sys_rt_tgsigqueueinfo(int process, int thread, int signal, uptr at)
{
    struct signal_info info;
    int error = queued_info(&info, at, process);

    if (error)
        return error;
    return process > 0 ? send_thread(process, thread, signal, &info) : -EINVAL;
}

/* --- alarm -------------------------------------------------------------------------------------------------------------------------- */

/* Interrupts off. */
/* When an alarm that rings now rings next: at one of its times, none of those that are over, and not so soon that the CPU would do nothing
   else. */
static u64 alarm_next(const struct process *p)
{
    u64 next = p->alarm.expires + p->alarm_interval, least = clock_ns() + ALARM_LEAST_NS;

    return next >= least ? next : next + (least - next + p->alarm_interval - 1) / p->alarm_interval * p->alarm_interval;
}

static void alarm_rings(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, alarm);
    u64 flags = spin_lock_irq(&processes_lock);

    signal_send_locked(p, SIGALRM, NULL);
    if (p->alarm_interval && !rb_linked(&p->alarm.node)) /* it was not set anew meanwhile */
        timer_start(&p->alarm, alarm_next(p), alarm_rings);
    spin_unlock_irq(&processes_lock, flags);
}

/* Sets the alarm of the running process to ring in `first` ns (0: not at all), and then every `interval` ns (0: once). Tells what
   was left, and the interval, of the one before. */
static void alarm_set(u64 first, u64 interval, u64 *left, u64 *old_interval)
{
    struct process *p = current_process();
    bool was_set = timer_cancel(&p->alarm); /* without the lock, which alarm_rings() takes */
    u64 flags = spin_lock_irq(&processes_lock), now;

    while (rb_linked(&p->alarm.node)) { /* another thread has set it, or it rang and goes on */
        spin_unlock_irq(&processes_lock, flags);
        was_set = timer_cancel(&p->alarm);
        flags = spin_lock_irq(&processes_lock);
    }
    now = clock_ns();
    *left = was_set ? max((s64)(p->alarm.expires - now), 1) : 0;
    *old_interval = was_set ? p->alarm_interval : 0;
    p->alarm_interval = first ? interval : 0;
    if (first)
        timer_start(&p->alarm, now + first, alarm_rings);
    spin_unlock_irq(&processes_lock, flags);
}

s64 sys_alarm(u32 seconds)
{
    u64 left, interval;

    alarm_set(seconds * NS_PER_SEC, 0, &left, &interval);
    return (s64)((left + NS_PER_SEC / 2) / NS_PER_SEC) + (left && left < NS_PER_SEC / 2);
}

struct user_itimer {
    s64 interval_s, interval_us, first_s, first_us;
};

static bool good_us(s64 seconds, s64 us)
{
    return seconds >= 0 && seconds < (s64)1 << 32 && us >= 0 && us < 1000000;
}

s64 sys_setitimer(int which, uptr new, uptr old)
{
    struct user_itimer timer = { 0 }, before;
    u64 left, interval;

    if (which != ITIMER_REAL)
        return -EINVAL;
    if (new && copyin(&timer, new, sizeof(timer)))
        return -EFAULT;
    if (!good_us(timer.interval_s, timer.interval_us) || !good_us(timer.first_s, timer.first_us))
        return -EINVAL;
    alarm_set((u64)timer.first_s * NS_PER_SEC + (u64)timer.first_us * 1000,
              (u64)timer.interval_s * NS_PER_SEC + (u64)timer.interval_us * 1000, &left, &interval);
    before = (struct user_itimer){ (s64)(interval / NS_PER_SEC), (s64)(interval % NS_PER_SEC / 1000), (s64)(left / NS_PER_SEC),
                                   (s64)(left % NS_PER_SEC / 1000) };
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}

s64 sys_getitimer(int which, uptr now)
{
    struct process *p = current_process();
    struct user_itimer timer = { 0 };
    u64 flags;

    if (which != ITIMER_REAL)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    if (rb_linked(&p->alarm.node) || p->alarm_interval) { /* one that repeats may be ringing just now */
        u64 left = (u64)max((s64)(p->alarm.expires - clock_ns()), 1000);

        timer = (struct user_itimer){ (s64)(p->alarm_interval / NS_PER_SEC), (s64)(p->alarm_interval % NS_PER_SEC / 1000),
                                      (s64)(left / NS_PER_SEC), (s64)(left % NS_PER_SEC / 1000) };
    }
    spin_unlock_irq(&processes_lock, flags);
    return copyout(now, &timer, sizeof(timer));
}
