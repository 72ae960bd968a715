/* Waiting for children. Lock: processes_lock, under which children end, stop and go on. */
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

pid_t process_wait_for(pid_t pid, int options, int *status, struct usage *used)
{
#if SOLVED >= 306
    struct process *me = current_process(), *child;
    u64 flags = spin_lock_irq(&processes_lock);
    int error = 0;
    bool any, gone;

    while (!(child = child_with_news(me, pid, options, status, &any)) && any && !(options & WNOHANG) && !error)
        error = wait_interruptible(&me->waiters, &processes_lock);
    pid = child ? child->pid : any ? error : -ECHILD;
    if (child && used)
        *used = usage_with_children_locked(child);
    gone = child && child->state == PROCESS_ZOMBIE;
    if (gone) {
        process_unlink_locked(child);
        usage_child_waited_locked(me, child);
    }
    spin_unlock_irq(&processes_lock, flags);
    if (gone)
        process_free(child);
    return pid;
#else
    /* Waits for the first child that ends, whoever it is, for ever. Which child, what besides ending, not waiting at all, nobody to
       wait for: that is all yours. A signal ends the wait. */
    struct process *me = current_process(), *child = NULL;
    u64 flags = spin_lock_irq(&processes_lock);

    lab_stub("3.6", "process_wait_for");
    (void)pid, (void)options, (void)used, (void)child_with_news;
    while (!child) {
        list_for_each(it, &me->children)
            if (list_entry(it, struct process, sibling_link)->state == PROCESS_ZOMBIE)
                child = list_entry(it, struct process, sibling_link);
        if (!child && wait_interruptible(&me->waiters, &processes_lock))
            break;
    }
    if (child)
        process_unlink_locked(child);
    spin_unlock_irq(&processes_lock, flags);
    if (!child)
        return -ERESTART;
    pid = child->pid;
    *status = child->exit_status;
    process_free(child);
    return pid;
#endif
}
