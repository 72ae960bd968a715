/* A second solution of lab 3.6: one look says all, and is repeated after each wait. */
#include "proc/wait.h"
#include "base/lab.h"
#include "lib/errno.h"
#include "proc/table.h"
#include "sched/interrupt.h"

#define STATUS_STOPPED(signal) ((signal) << 8 | 0x7f)
#define STATUS_CONTINUED 0xffff

static bool fits(const struct process *me, const struct process *child, pid_t pid)
{
    if (pid > 0)
        return child->pid == pid;
    return pid == -1 || child->pgid == (pid ? -pid : me->pgid);
}

/* Whether there is something to tell of a child: its status; -1: nothing. What was told is no news any more. */
static int news_of(struct process *child, int options)
{
    if (child->state == PROCESS_ZOMBIE)
        return child->exit_status;
    if (options & WUNTRACED && child->stop_news) {
        child->stop_news = false;
        return STATUS_STOPPED(child->stop_signal);
    }
    if (options & WCONTINUED && child->continue_news) {
        child->continue_news = false;
        return STATUS_CONTINUED;
    }
    return -1;
}

/* The first child of whom there is something to tell; NULL: none yet, and *any says whether one may come. */
static struct process *child_with_news(const struct process *me, pid_t pid, int options, int *status, bool *any)
{
    *any = false;
    list_for_each(it, &me->children) {
        struct process *child = list_entry(it, struct process, sibling_link);

        if (!fits(me, child, pid))
            continue;
        *any = true;
        *status = news_of(child, options);
        if (*status != -1)
            return child;
    }
    return NULL;
}

/* One look: the id of a child of whom there is news; 0: none yet; -ECHILD: none can come. *dead: the one that is gone by this. */
static pid_t look_locked(struct process *me, pid_t pid, int options, int *status, struct process **dead)
{
    bool any;
    struct process *child = child_with_news(me, pid, options, status, &any);

    if (!child)
        return any ? 0 : -ECHILD;
    if (child->state == PROCESS_ZOMBIE) {
        process_unlink_locked(child);
        *dead = child;
    }
    return child->pid;
}

pid_t process_wait_for(pid_t pid, int options, int *status)
{
    struct process *me = current_process(), *dead = NULL;
    u64 flags = spin_lock_irq(&processes_lock);
    pid_t found;

    for (;;) {
        int error;

        found = look_locked(me, pid, options, status, &dead);
        if (found || options & WNOHANG)
            break;
        error = wait_interruptible(&me->waiters, &processes_lock);
        if (error) {
            found = look_locked(me, pid, options, status, &dead);
            found = found ? found : error;
            break;
        }
    }
    spin_unlock_irq(&processes_lock, flags);
    if (dead)
        process_free(dead);
    return found;
}
