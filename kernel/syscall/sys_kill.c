/* System calls that send signals: to a process, a group, all, or one thread. Lock: processes_lock. */
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "syscall/calls.h"

/* To one process, or to one of its threads. That there is no such signal is said of a process that there is. 0: only asks whether it could.
   queued: what comes with it, and may not be lost; or NULL. */
static int send_locked(struct process *to, struct thread *thread, int signal, const struct signal_info *queued)
{
    const struct process *me = current_process();
    struct signal_info info = { .code = thread ? SI_TKILL : SI_USER, .pid = me->pid, .uid = me->cred.uid.real };

    if (signal < 0 || signal > NSIG)
        return -EINVAL;
    if (!may_signal_locked(to, signal))
        return -EPERM;
    if (!signal)
        return 0;
    if (queued)
        info = *queued;
    return thread ? signal_send_thread_locked(to, thread, signal, &info) : signal_send_locked(to, signal, &info);
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

    if (tid <= 0)
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
