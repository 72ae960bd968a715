/* A second solution of lab 3.6: memory first, then the files; orphans are moved, and told of, in two rounds. */
#include "arch/user.h"
#include "base/lab.h"
#include "base/printk.h"
#include "proc/table.h"
#include "proc/user_thread.h"

void process_returns_space(struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);

    p->lent = p->parent->lending = false; /* the parent waits: it is still there */
    wake_all(&p->parent->waiters);
    spin_unlock_irq(&processes_lock, flags);
}

/* The process has no address space any more, and nobody looks at it: it is the caller's. NULL: it had none. */
static struct address_space *take_space(struct process *p)
{
    struct address_space *space;

    mutex_lock(&p->space_lock);
    space = p->space;
    if (space)
        p->used.max_pages = space->pages;
    p->space = NULL;
    mutex_unlock(&p->space_lock);
    return space;
}

/* Everything but what is kept for the parent. */
static void release(struct process *p)
{
    struct address_space *own = NULL;

    timer_cancel(&p->alarm);
    if (p->space) { /* nobody but this thread changes that */
        user_space_leave(current()->user);
        own = take_space(p);
    }
    if (p->lent) {
        process_returns_space(p);
        own = NULL;
    }
    fs_context_end(&p->fs);
    fd_close_all(&p->fds);
    if (own)
        aspace_free(own);
}

void parent_hears_locked(struct process *p, int how, int status)
{
    struct process *parent = p->parent;
    struct signal_info info = { .code = how, .pid = p->pid, .status = status };
    const struct signal_action *action;

    if (!parent)
        return;
    action = parent->signals.action ? &parent->signals.action[SIGCHLD - 1] : NULL;
    if (action && !(action->flags & SA_NOCLDSTOP && (how == CLD_STOPPED || how == CLD_CONTINUED)))
        signal_send_locked(parent, SIGCHLD, &info);
    wake_all(&parent->waiters);
}

/* Nobody will ask for it: its parent said so. */
static bool unwanted(const struct process *p)
{
    const struct signal_action *action;

    if (!p->parent || !p->parent->signals.action)
        return false;
    action = &p->parent->signals.action[SIGCHLD - 1];
    return action->handler == SIG_IGN || action->flags & SA_NOCLDWAIT;
}

/* The children of a process that ends are process 1's from now on. One of them may be dead already, and process 1 be waiting. */
static void orphan_children_locked(struct process *p)
{
    struct list *last = first_process.children.prev;

    while (!list_empty(&p->children)) {
        struct process *child = list_entry(list_pop_head(&p->children), struct process, sibling_link);

        child->ppid = first_process.pid;
        child->parent = &first_process;
        list_push_tail(&first_process.children, &child->sibling_link);
    }
    for (struct list *it = last->next; it != &first_process.children; it = it->next) {
        struct process *child = list_entry(it, struct process, sibling_link);
        int signal = child->exit_status & 0x7f;

        if (child->state != PROCESS_RUNNING)
            parent_hears_locked(child, signal ? CLD_KILLED : CLD_EXITED, signal ? signal : child->exit_status >> 8 & 0xff);
    }
}

/* Nobody adopts what process 1 leaves. */
static _Noreturn void first_process_ends(int code)
{
    printk("process 1 (%s) has ended with %s %d: the machine stops\n", first_process.name, code & 0x7f ? "signal" : "status",
           code & 0x7f ? code & 0x7f : code >> 8);
    machine_poweroff();
}

void process_thread_leaves(struct thread *t, int code)
{
    struct process *p = t->owner;
    u64 flags;
    bool last, gone;

    if (p == &first_process)
        first_process_ends(code);
    flags = spin_lock_irq(&processes_lock);
    last = p->threads.next == p->threads.prev; /* t alone */
    spin_unlock_irq(&processes_lock, flags);
    if (last)
        release(p);
    flags = spin_lock_irq(&processes_lock);
    list_remove(&t->owner_link);
    spin_unlock_irq(&processes_lock, flags);
    user_thread_end(t);
    t->owner = NULL; /* the process may be waited for and freed before this thread is off its stack */
    if (!last)
        return;
    flags = spin_lock_irq(&processes_lock);
    orphan_children_locked(p);
    p->exit_status = code;
    p->state = PROCESS_ZOMBIE;
    gone = unwanted(p);
    if (gone)
        process_unlink_locked(p);
    parent_hears_locked(p, code & 0x7f ? CLD_KILLED : CLD_EXITED, code & 0x7f ? code & 0x7f : code >> 8 & 0xff);
    spin_unlock_irq(&processes_lock, flags);
    if (gone)
        process_free(p);
}
