/* System calls on how threads are scheduled: policy and numbers, with Linux's semantics. Lock: processes_lock keeps the thread that is
   meant. */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/cred.h"
#include "proc/limits.h"
#include "proc/priority.h"
#include "proc/user_thread.h"
#include "sched/attr.h"
#include "sched/sched_config.h"
#include "syscall/calls.h"
#include "syscall/sys_sched.h"

#define POLICY_RESET_ON_FORK 0x40000000 /* in sched_setscheduler()'s policy */
#define RT_PRIORITY_MOST 99

enum attr_flags {
    ATTR_RESET_ON_FORK = 1, ATTR_KEEP_POLICY = 8, ATTR_KEEP_PARAMS = 16,
    ATTR_KNOWN = ATTR_RESET_ON_FORK | ATTR_KEEP_POLICY | ATTR_KEEP_PARAMS,
    /* The kernel's own: the call knows a priority and no other number; the caller wants what nobody knows. */
    ATTR_KEEP_NICE = 1 << 29, ATTR_UNKNOWN = 1 << 30,
};

#define ATTR_SIZE_FIRST 48u /* as of Linux 3.14: without the last two fields */

struct sched_attr {
    u32 size;
    u32 policy;
    u64 flags;
    s32 nice;
    u32 priority;
    u64 runtime, deadline, period; /* ns */
    u32 util_min, util_max;        /* hints, which are not used */
};

static bool is_rt(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_fair(int policy)
{
    return policy == SCHED_OTHER || policy == SCHED_BATCH;
}

/* --- looking ------------------------------------------------------------------------------------------------------------------------ */

static int look_at(int tid, struct sched_params *p)
{
    struct process *owner;
    const struct thread *t;
    int error = -ESRCH;
    u64 flags;

    if (tid < 0)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    t = sched_target_locked(tid, &owner);
    if (t)
        error = thread_get_params(t->tid, p);
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

s64 sys_sched_getscheduler(int tid)
{
    struct sched_params p;
    int error = look_at(tid, &p);

    return error ? error : p.policy | (p.reset_on_fork ? POLICY_RESET_ON_FORK : 0);
}

s64 sys_sched_getparam(int tid, uptr param)
{
    struct sched_params p;
    int error = param ? look_at(tid, &p) : -EINVAL, priority;

    if (error)
        return error;
    priority = p.rt_priority;
    return copyout(param, &priority, sizeof(priority));
}

s64 sys_sched_getattr(int tid, uptr attr, u32 size, u32 flags)
{
    struct sched_params p;
    struct sched_attr out = { 0 };
    int error;

    if (!attr || size > PAGE_SIZE || size < ATTR_SIZE_FIRST || flags)
        return -EINVAL;
    error = look_at(tid, &p);
    if (error)
        return error;
    out = (struct sched_attr){ .size = min(size, (u32)sizeof(out)), .policy = p.policy, .flags = p.reset_on_fork ? ATTR_RESET_ON_FORK : 0,
                               .priority = p.rt_priority };
    if (p.policy == SCHED_DEADLINE) {
        out.runtime = p.runtime;
        out.deadline = p.deadline;
        out.period = p.period ?: p.deadline;
    } else if (!is_rt(p.policy)) {
        out.nice = p.nice;
        out.runtime = is_fair(p.policy) ? p.runtime ?: SCHED_SLICE_NS : 0;
    }
    return copyout(attr, &out, out.size);
}

s64 sys_sched_rr_get_interval(int tid, uptr interval)
{
    struct sched_params p;
    s64 time[2] = { 0 }; /* seconds, ns */
    int error = look_at(tid, &p);

    if (error)
        return error;
    if (p.policy == SCHED_RR)
        time[1] = SCHED_RR_SLICE_NS;
    else if (is_fair(p.policy))
        time[1] = (s64)(p.runtime ?: SCHED_SLICE_NS);
    return copyout(interval, time, sizeof(time));
}

s64 sys_sched_get_priority_max(int policy)
{
    if (is_rt(policy))
        return RT_PRIORITY_MOST;
    return is_fair(policy) || policy == SCHED_IDLE || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

s64 sys_sched_get_priority_min(int policy)
{
    return is_rt(policy) ? 1 : sys_sched_get_priority_max(policy);
}

/* --- changing ----------------------------------------------------------------------------------------------------------------------- */

/* Whether a user without CAP_SYS_NICE may change a thread of owner, its own, from `now` to `wish`. */
static bool within_limits(const struct process *owner, const struct sched_params *now, const struct sched_params *wish)
{
    u64 rt_most = owner->limits.of[RLIMIT_RTPRIO].now;

    if (wish->policy == SCHED_DEADLINE || (now->reset_on_fork && !wish->reset_on_fork))
        return false;
    if (is_fair(wish->policy) && wish->nice < now->nice && !nice_allowed(owner, wish->nice))
        return false;
    if (is_rt(wish->policy) && ((wish->policy != now->policy && !rt_most) ||
                                (wish->rt_priority > now->rt_priority && wish->rt_priority > rt_most)))
        return false;
    return now->policy != SCHED_IDLE || wish->policy == SCHED_IDLE || nice_allowed(owner, now->nice);
}

/* The policy, or everything but the flag, may be meant to stay (attr_flags). That a flag or a number is wrong is said only of a thread that
   there is. processes_lock held. */
static int change_locked(struct thread *t, struct process *owner, struct sched_params wish, u64 flags)
{
    struct sched_params now;
    int error = thread_get_params(t->tid, &now);

    if (error)
        return error;
    if (flags & ATTR_UNKNOWN)
        return -EINVAL;
    if (flags & ATTR_KEEP_POLICY) {
        wish.policy = now.policy;
        wish.reset_on_fork = now.reset_on_fork;
    }
    if (flags & ATTR_KEEP_NICE) {
        wish.nice = now.nice;
        wish.runtime = is_fair(wish.policy) && is_fair(now.policy) ? now.runtime : 0;
    }
    if (flags & ATTR_KEEP_PARAMS) { /* and the policy, too: nothing is left but the flag */
        bool reset = wish.reset_on_fork;

        wish = now;
        wish.reset_on_fork = reset;
    }
    if (!is_fair(wish.policy))
        wish.nice = now.nice;
    if (wish.policy != SCHED_DEADLINE && !is_fair(wish.policy))
        wish.runtime = 0;
    error = sched_params_check(&wish);
    if (error)
        return error;
    if (!capable(CAP_SYS_NICE) && (!process_is_mine_to_schedule(owner) || !within_limits(owner, &now, &wish)))
        return -EPERM;
    error = thread_set_params(t->tid, &wish);
    if (!error && t->tid == owner->main_tid)
        owner->nice = wish.nice;
    return error;
}

static int change(int tid, const struct sched_params *wish, u64 flags)
{
    struct process *owner;
    struct thread *t;
    u64 irq = spin_lock_irq(&processes_lock);
    int error = -ESRCH;

    t = sched_target_locked(tid, &owner);
    if (t)
        error = change_locked(t, owner, *wish, flags);
    spin_unlock_irq(&processes_lock, irq);
    preempt_point(); /* it may be the caller who has to make room */
    return error;
}

/* A policy or a priority as sched_params has it. What does not fit becomes 255, which is neither. */
static u8 narrow(u32 number)
{
    return (u8)min(number, 255u);
}

/* The calls that know a priority and no other number. */
static s64 set_priority(int tid, u32 policy, uptr param, u64 flags)
{
    struct sched_params wish = { .reset_on_fork = policy & POLICY_RESET_ON_FORK };
    u32 priority;

    if (tid < 0 || !param)
        return -EINVAL;
    if (copyin(&priority, param, sizeof(priority)))
        return -EFAULT;
    wish.policy = narrow(policy & ~POLICY_RESET_ON_FORK);
    wish.rt_priority = narrow(priority);
    return change(tid, &wish, flags | ATTR_KEEP_NICE);
}

s64 sys_sched_setscheduler(int tid, int policy, uptr param)
{
    return policy < 0 ? -EINVAL : set_priority(tid, (u32)policy, param, 0);
}

s64 sys_sched_setparam(int tid, uptr param)
{
    return set_priority(tid, 0, param, ATTR_KEEP_POLICY);
}

/* The program's attributes may be shorter than ours, then the rest is 0; or longer, then the rest must be. */
static int copy_attr(struct sched_attr *attr, uptr from)
{
    u32 size;
    u8 byte;

    memset(attr, 0, sizeof(*attr));
    if (copyin(&size, from, sizeof(size)))
        return -EFAULT;
    size = size ? size : ATTR_SIZE_FIRST;
    if (size < ATTR_SIZE_FIRST || size > PAGE_SIZE)
        goto wrong_size;
    if (copyin(attr, from, min((size_t)size, sizeof(*attr))))
        return -EFAULT;
    for (u32 at = sizeof(*attr); at < size; at++) {
        if (copyin(&byte, from + at, 1))
            return -EFAULT;
        if (byte)
            goto wrong_size;
    }
    return 0;

wrong_size:
    size = sizeof(*attr);
    (void)copyout(from, &size, sizeof(size)); /* where that cannot be written the answer is the same */
    return -E2BIG;
}

s64 sys_sched_setattr(int tid, uptr from, u32 flags)
{
    struct sched_attr attr;
    struct sched_params wish;
    int error;

    if (tid < 0 || !from || flags)
        return -EINVAL;
    error = copy_attr(&attr, from);
    if (error)
        return error;
    if ((s32)attr.policy < 0)
        return -EINVAL;
    wish = (struct sched_params){
        .policy = narrow(attr.policy), .rt_priority = narrow(attr.priority), .nice = (s8)min(max(attr.nice, NICE_MIN), NICE_MAX),
        .reset_on_fork = attr.flags & ATTR_RESET_ON_FORK, .runtime = attr.runtime, .deadline = attr.deadline, .period = attr.period,
    };
    if (attr.policy != SCHED_DEADLINE && !(attr.flags & ATTR_KEEP_POLICY))
        wish.deadline = wish.period = 0;
    return change(tid, &wish, attr.flags & ~(u64)ATTR_KNOWN ? ATTR_UNKNOWN : attr.flags);
}
