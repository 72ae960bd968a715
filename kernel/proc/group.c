/* Process groups and sessions (group.h). Lock: processes_lock. */
#include "proc/group.h"
#include "lib/errno.h"
#include "proc/table.h"

struct process *group_next_locked(const struct process *after, pid_t pgid)
{
    struct list *it = after ? after->all_link.next : processes.next;

    for (; it != &processes; it = it->next) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->pgid == pgid)
            return p;
    }
    return NULL;
}

bool group_in_session_locked(pid_t pgid, pid_t sid)
{
    const struct process *p = group_next_locked(NULL, pgid);

    return p && p->sid == sid; /* all of a group are of one session */
}

bool leads_session(const struct process *p)
{
    return p->sid == p->pid;
}

void group_signal_locked(pid_t pgid, int signal)
{
    for (struct process *p = NULL; (p = group_next_locked(p, pgid)) != NULL;)
        signal_send_locked(p, signal, NULL);
}

/* --- groups that nobody looks after -------------------------------------------------------------------------------------------------- */

/* Whether p is in a group of its parent's session, and the parent outside. */
static bool is_looked_after(const struct process *p, const struct process *parent)
{
    return parent && parent->pgid != p->pgid && parent->sid == p->sid;
}

/* without: one that does not count any more; leaves: one whose children do not. */
static bool is_orphaned(pid_t pgid, const struct process *without, const struct process *leaves)
{
    for (const struct process *p = NULL; (p = group_next_locked(p, pgid)) != NULL;)
        if (p != without && p->state != PROCESS_ZOMBIE && p->parent != &first_process && p->parent != leaves &&
            is_looked_after(p, p->parent))
            return false;
    return true;
}

bool group_is_orphaned_locked(pid_t pgid)
{
    return is_orphaned(pgid, NULL, NULL);
}

static bool has_stopped(pid_t pgid)
{
    for (const struct process *p = NULL; (p = group_next_locked(p, pgid)) != NULL;)
        if (p->stopped)
            return true;
    return false;
}

static void wake_stopped(pid_t pgid)
{
    group_signal_locked(pgid, SIGHUP);
    group_signal_locked(pgid, SIGCONT);
}

void groups_are_left_locked(struct process *p)
{
    list_for_each(it, &p->children) {
        const struct process *child = list_entry(it, struct process, sibling_link);

        if (is_looked_after(child, p) && is_orphaned(child->pgid, NULL, p) && has_stopped(child->pgid))
            wake_stopped(child->pgid);
    }
    if (is_looked_after(p, p->parent) && is_orphaned(p->pgid, p, NULL) && has_stopped(p->pgid))
        wake_stopped(p->pgid);
}

/* --- what programs ask for ----------------------------------------------------------------------------------------------------------- */

/* Itself, or a child of its that still runs the same program and is in the same session. */
static int may_move_locked(const struct process *me, const struct process *p)
{
    if (p != me && p->parent != me)
        return -ESRCH;
    if (p != me && p->sid != me->sid)
        return -EPERM;
    if (p != me && p->execed)
        return -EACCES;
    return leads_session(p) ? -EPERM : 0;
}

int process_set_group(pid_t pid, pid_t pgid)
{
    struct process *me = current_process(), *p;
    u64 flags;
    int error;

    pid = pid ? pid : me->pid;
    pgid = pgid ? pgid : pid;
    if (pgid < 0)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    p = process_find_locked(pid);
    error = p ? may_move_locked(me, p) : -ESRCH;
    if (!error && pgid != pid && !group_in_session_locked(pgid, me->sid))
        error = -EPERM;
    if (!error)
        p->pgid = pgid;
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

pid_t process_new_session(void)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    bool taken = leads_session(me) || group_next_locked(NULL, me->pid);

    if (!taken) {
        me->sid = me->pgid = me->pid;
        me->terminal = false;
    }
    spin_unlock_irq(&processes_lock, flags);
    return taken ? -EPERM : me->pid;
}
