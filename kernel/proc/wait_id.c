/* Looking at children as waitid() does: what is told may stay to be told again. Lock: processes_lock, as in wait.c. */
#include "lib/errno.h"
#include "proc/table.h"
#include "proc/wait.h"
#include "sched/interrupt.h"

static bool is_meant(const struct process *child, enum wait_for which, pid_t id)
{
    return which == WAIT_ALL || (which == WAIT_PID ? child->pid : child->pgid) == id;
}

/* Whether there is something to tell of a child that options ask for. */
static bool has_news(struct process *child, int options, struct child_news *news)
{
    int code = child->exit_status;

    *news = (struct child_news){ .pid = child->pid, .uid = child->cred.uid.real };
    if (child->state == PROCESS_ZOMBIE && options & WEXITED) {
        news->how = code & 0x7f ? CLD_KILLED : CLD_EXITED;
        news->status = code & 0x7f ? code & 0x7f : code >> 8 & 0xff;
    } else if (options & WUNTRACED && child->stop_news) {
        news->how = CLD_STOPPED;
        news->status = child->stop_signal;
        child->stop_news = options & WNOWAIT;
    } else if (options & WCONTINUED && child->continue_news) {
        news->how = CLD_CONTINUED;
        news->status = SIGCONT;
        child->continue_news = options & WNOWAIT;
    }
    return news->how;
}

/* The first child of whom there is something to tell; NULL: none yet, and *any says whether one may come. */
static struct process *find(const struct process *me, enum wait_for which, pid_t id, int options, struct child_news *news, bool *any)
{
    *any = false;
    list_for_each(it, &me->children) {
        struct process *child = list_entry(it, struct process, sibling_link);

        if (!is_meant(child, which, id))
            continue;
        *any |= child->state != PROCESS_ZOMBIE || options & WEXITED; /* the others tell nothing any more */
        if (has_news(child, options, news))
            return child;
    }
    return NULL;
}

int process_wait_id(enum wait_for which, pid_t id, int options, struct child_news *news)
{
    struct process *me = current_process(), *child;
    u64 flags = spin_lock_irq(&processes_lock);
    int error = 0;
    bool any, gone;

    if (which == WAIT_GROUP && !id)
        id = me->pgid;
    while (!(child = find(me, which, id, options, news, &any)) && any && !(options & WNOHANG) && !error)
        error = wait_interruptible(&me->waiters, &processes_lock);
    if (child)
        error = 0;
    else if (!any)
        error = -ECHILD;
    gone = child && child->state == PROCESS_ZOMBIE && !(options & WNOWAIT);
    if (gone)
        process_unlink_locked(child);
    spin_unlock_irq(&processes_lock, flags);
    if (gone)
        process_free(child);
    if (!child)
        *news = (struct child_news){ 0 };
    return error;
}
