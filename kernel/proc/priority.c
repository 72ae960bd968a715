/* Nice values and priority classes (priority.h). Lock: processes_lock. */
#include "proc/priority.h"
#include "lib/errno.h"
#include "proc/table.h"
#include "sched/nice.h"

#define HIGHEST_NICE_OF_SYSTEM (-10)
#define HIGHEST_NICE_OF_HIGH (-3)
#define HIGHEST_NICE_OF_NORMAL 5
#define HIGHEST_NICE_OF_LOW 14

enum process_priority priority_class(int nice)
{
    return nice <= HIGHEST_NICE_OF_SYSTEM ? PROCESS_PRIORITY_SYSTEM :
           nice <= HIGHEST_NICE_OF_HIGH   ? PROCESS_PRIORITY_HIGH :
           nice <= HIGHEST_NICE_OF_NORMAL ? PROCESS_PRIORITY_NORMAL :
           nice <= HIGHEST_NICE_OF_LOW    ? PROCESS_PRIORITY_LOW :
                                            PROCESS_PRIORITY_IDLE;
}

enum thread_priority priority_of_threads(enum process_priority class)
{
    return (enum thread_priority)(PRIORITY_CRITICAL - class);
}

/* Whether the caller of getpriority() or setpriority() means p. */
static bool meant(const struct process *p, int which, int who)
{
    const struct process *me = current_process();

    switch (which) {
    case PRIO_PROCESS:
        return p->pid == (who ? who : me->pid);
    case PRIO_PGRP:
        return p->pgid == (who ? who : me->pgid);
    default:
        return p->cred.uid.real == (who ? (u32)who : me->cred.uid.real);
    }
}

int priority_get(int which, int who)
{
    u64 flags = spin_lock_irq(&processes_lock);
    int best = -ESRCH;

    list_for_each(it, &processes) {
        const struct process *p = list_entry(it, struct process, all_link);

        if (meant(p, which, who))
            best = max(best, 20 - p->nice);
    }
    spin_unlock_irq(&processes_lock, flags);
    return which < PRIO_PROCESS || which > PRIO_USER ? -EINVAL : best;
}

bool nice_allowed(const struct process *p, int nice)
{
    return capable(CAP_SYS_NICE) || (u64)(20 - nice) <= p->limits.of[RLIMIT_NICE].now;
}

/* Whether the caller acts for p's user. */
static bool acts_for_its_user(const struct process *p)
{
    u32 me = current_process()->cred.uid.effective;

    return me == p->cred.uid.real || me == p->cred.uid.effective || capable(CAP_SYS_NICE);
}

static bool has_more_rights(const struct process *p)
{
    return p->cred.permitted & ~current_process()->cred.permitted && !capable(CAP_SYS_NICE);
}

bool process_is_mine_to_schedule(const struct process *p)
{
    return acts_for_its_user(p) && !has_more_rights(p);
}

static int set_locked(struct process *p, int nice)
{
    if (!acts_for_its_user(p))
        return -EPERM;
    if (nice < p->nice && !nice_allowed(p, nice))
        return -EACCES;
    if (has_more_rights(p))
        return -EPERM;
    p->nice = nice;
    list_for_each(it, &p->threads) {
        tid_t tid = list_entry(it, struct thread, owner_link)->tid;

        (void)thread_set_priority(tid, priority_of_threads(priority_class(nice)));
        nice_of_thread(tid, nice);
    }
    return 0;
}

int priority_set(int which, int who, int nice)
{
    u64 flags = spin_lock_irq(&processes_lock);
    int result = -ESRCH;

    nice = min(max(nice, NICE_MIN), NICE_MAX);
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (meant(p, which, who)) {
            int error = set_locked(p, nice);

            result = error || result == -ESRCH ? error : result; /* the last error, as Linux tells it */
        }
    }
    spin_unlock_irq(&processes_lock, flags);
    return which < PRIO_PROCESS || which > PRIO_USER ? -EINVAL : result;
}
