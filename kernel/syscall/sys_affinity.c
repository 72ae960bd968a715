/* System calls on which CPUs a thread may run. Lock: processes_lock keeps the thread that is meant. */
#include "arch/upcall.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/priority.h"
#include "proc/user_thread.h"
#include "sched/affinity.h"
#include "syscall/calls.h"
#include "syscall/sys_sched.h"

struct thread *sched_target_locked(int tid, struct process **owner)
{
    *owner = current_process();
    if (!tid)
        return current();
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);
        struct thread *t = user_thread_find_locked(p, tid);

        *owner = p;
        if (t)
            return t;
    }
    return NULL;
}

/* A program's mask may be shorter than the kernel's, then the rest is 0; or longer, then the rest is not looked at. */
s64 sys_sched_setaffinity(int tid, u32 size, uptr user_mask)
{
    struct process *owner;
    const struct thread *t;
    u64 mask = 0, flags;
    int error = -ESRCH;

    if (copyin(&mask, user_mask, min((size_t)size, sizeof(mask))))
        return -EFAULT;
    flags = spin_lock_irq(&processes_lock);
    t = sched_target_locked(tid, &owner);
    if (t)
        error = process_is_mine_to_schedule(owner) ? thread_set_affinity(t->tid, mask) : -EPERM;
    spin_unlock_irq(&processes_lock, flags);
    preempt_point(); /* who may not run here any more goes */
    return error;
}

s64 sys_sched_getaffinity(int tid, u32 size, uptr user_mask)
{
    struct process *owner;
    const struct thread *t;
    u64 mask = 0, flags;

    if (size < sizeof(mask) || size % sizeof(mask))
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    t = sched_target_locked(tid, &owner);
    if (t)
        mask = thread_affinity(t);
    spin_unlock_irq(&processes_lock, flags);
    if (!t)
        return -ESRCH;
    return copyout(user_mask, &mask, sizeof(mask)) ? -EFAULT : (s64)sizeof(mask);
}

/* Where the caller runs, which may be over when it hears of it. */
s64 sys_getcpu(uptr cpu, uptr node)
{
    static const u32 only_node;
    u32 here = (u32)this_cpu()->id;

    if (cpu && copyout(cpu, &here, sizeof(here)))
        return -EFAULT;
    return node && copyout(node, &only_node, sizeof(only_node)) ? -EFAULT : 0;
}
