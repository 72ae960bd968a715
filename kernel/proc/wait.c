/* Waiting for children. Lock: processes_lock. */
#include "lib/errno.h"
#include "proc/table.h"
#include "sched/control.h"

/* A child that fits: a zombie if there is one. *any tells whether there is any child that fits at all. */
static struct process *zombie_child_locked(const struct process *me, pid_t pid, bool *any)
{
    *any = false;
    list_for_each(it, &me->children) {
        struct process *p = list_entry(it, struct process, sibling_link);

        if (pid != -1 && p->pid != pid)
            continue;
        *any = true;
        if (p->state == PROCESS_ZOMBIE)
            return p;
    }
    return NULL;
}

pid_t process_wait(pid_t pid, int *status, bool nohang)
{
    struct process *me = current_process(), *found;
    u64 flags = spin_lock_irq(&processes_lock);
    int error = 0;
    bool any;

    while (!(found = zombie_child_locked(me, pid, &any)) && any && !nohang && !error)
        error = wait_on(&me->waiters, &processes_lock);
    if (found)
        process_unlink_locked(found);
    spin_unlock_irq(&processes_lock, flags);
    if (!found)
        return !any ? -ECHILD : nohang ? 0 : error;
    pid = found->pid;
    if (status)
        *status = found->exit_status;
    process_free(found);
    return pid;
}
