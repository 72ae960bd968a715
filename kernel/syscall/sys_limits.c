/* System calls on limits, on what was used, and on how urgent processes are. Lock: processes_lock, inside proc/. */
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/priority.h"
#include "proc/table.h"
#include "syscall/calls.h"

#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD 1
#define TICK_NS 10000000ul /* what times() and /proc count in: USER_HZ is 100 */

s64 sys_prlimit64(int pid, u32 resource, uptr new, uptr old)
{
    struct rlimit limit, before;
    int error;

    if (new && copyin(&limit, new, sizeof(limit)))
        return -EFAULT;
    error = limit_set(pid, resource, new ? &limit : NULL, &before);
    if (error)
        return error;
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}

s64 sys_getrlimit(int resource, uptr limit)
{
    struct rlimit now;
    int error = limit_set(0, (u32)resource, NULL, &now);

    if (error)
        return error;
    return copyout(limit, &now, sizeof(now));
}

s64 sys_setrlimit(int resource, uptr limit)
{
    struct rlimit new, old;

    if (copyin(&new, limit, sizeof(new)))
        return -EFAULT;
    return limit_set(0, (u32)resource, &new, &old);
}

/* The running process's, and that of its children who have been waited for. */
static void get_usage(struct usage *self, struct usage *children)
{
    u64 flags = spin_lock_irq(&processes_lock);

    *self = process_usage_locked(current_process());
    *children = current_process()->used_by_children;
    spin_unlock_irq(&processes_lock, flags);
}

/* The running thread's; the pages are its process's. */
static struct usage thread_usage(void)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct usage usage = thread_usage_locked(current());

    usage.max_pages = process_usage_locked(current_process()).max_pages;
    spin_unlock_irq(&processes_lock, flags);
    return usage;
}

s64 sys_getrusage(int who, uptr usage)
{
    struct usage self, children;
    struct rusage result;

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
        return -EINVAL;
    get_usage(&self, &children);
    if (who == RUSAGE_THREAD)
        self = thread_usage();
    usage_to_user(&result, who == RUSAGE_CHILDREN ? &children : &self);
    return copyout(usage, &result, sizeof(result));
}

s64 sys_times(uptr used)
{
    struct usage self, children;
    s64 ticks[4] = { 0 }; /* user, system; of the children user, system */

    get_usage(&self, &children);
    ticks[0] = (s64)(self.cpu_ns / TICK_NS);
    ticks[2] = (s64)(children.cpu_ns / TICK_NS);
    if (used && copyout(used, ticks, sizeof(ticks)))
        return -EFAULT;
    return (s64)(clock_ns() / TICK_NS);
}

s64 sys_getpriority(int which, int who)
{
    return priority_get(which, who);
}

s64 sys_setpriority(int which, int who, int nice)
{
    return priority_set(which, who, nice);
}
