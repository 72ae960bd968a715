/* System calls on how threads are scheduled. Before phase 5 every one is SCHED_OTHER. Lock: processes_lock keeps the thread that is meant.
   */
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_sched.h"

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_DEADLINE 6

static int look_for(int tid)
{
    struct process *owner;
    u64 flags;
    bool found;

    if (tid < 0)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    found = sched_target_locked(tid, &owner);
    spin_unlock_irq(&processes_lock, flags);
    return found ? 0 : -ESRCH;
}

s64 sys_sched_getscheduler(int tid)
{
    int error = look_for(tid);

    return error ? error : SCHED_OTHER;
}

s64 sys_sched_getparam(int tid, uptr param)
{
    static const int priority = 0;
    int error = param ? look_for(tid) : -EINVAL;

    return error ? error : copyout(param, &priority, sizeof(priority));
}

s64 sys_sched_get_priority_max(int policy)
{
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return 99;
    return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

s64 sys_sched_get_priority_min(int policy)
{
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return 1;
    return sys_sched_get_priority_max(policy);
}
