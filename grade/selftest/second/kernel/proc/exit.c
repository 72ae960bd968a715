/* A second solution of lab 3.6: memory first, then the files; orphans are moved, and told of, in two rounds. */
#include "arch/user.h"
#include "base/lab.h"
#include "base/printk.h"
#include "lib/errno.h"
#include "proc/clone.h"
#include "proc/group.h"
#include "proc/posix_timer.h"
#include "proc/table.h"
#include "proc/terminal.h"
#include "proc/user_thread.h"
#include "sched/control.h"

/* The process has no address space any more, and nobody looks at it: it is the caller's. NULL: it had none. */
static struct address_space *take_space(struct process *p)
{
    struct address_space *space;
    u64 flags;

    mutex_lock(&p->space_lock);
    flags = spin_lock_irq(&processes_lock);
    space = p->space;
    if (space)
        p->used.max_pages = space->pages;
    p->space = NULL;
    spin_unlock_irq(&processes_lock, flags);
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
    struct signal_info info = { .code = how, .pid = p->pid, .value = (u32)status };
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
    if (code)
        machine_exit_hint(EXIT_HINT_FAILED);
    machine_poweroff();
}

bool process_has_one_thread(const struct process *p)
{
    return p->threads.next == p->threads.prev;
}

bool thread_is_dismissed_locked(const struct thread *t)
{
    return t->user && user_thread(t)->own.pending & SIGNAL_BIT(SIGKILL);
}

void others_dismiss_locked(struct process *p)
{
    list_for_each(it, &p->threads) {
        struct thread *t = list_entry(it, struct thread, owner_link);

        if (t == current() || !t->user)
            continue;
        user_thread(t)->own.pending |= SIGNAL_BIT(SIGKILL);
        (void)thread_resume(t->tid); /* it may stand still */
        thread_interrupt(t);
    }
}

int process_be_alone(struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool may = !thread_is_dismissed_locked(current());

    if (may) {
        others_dismiss_locked(p);
        while (!process_has_one_thread(p))
            (void)wait_on(&p->waiters, &processes_lock);
        p->main_tid = current()->tid;
    }
    spin_unlock_irq(&processes_lock, flags);
    return may ? 0 : -EINTR;
}

_Noreturn void process_end(int status)
{
    struct process *p = current_process();
    u64 flags = spin_lock_irq(&processes_lock);

    if (!p->ending && !thread_is_dismissed_locked(current())) {
        p->ending = true;
        p->exit_status = status;
        others_dismiss_locked(p);
    }
    spin_unlock_irq(&processes_lock, flags);
    process_exit(status);
}

/* From now on t is none of its process's threads. */
static void unlink_locked(struct thread *t)
{
    usage_thread_leaves_locked(t);
    list_remove(&t->owner_link);
    t->owner = NULL; /* the process may be waited for and freed before this thread is off its stack */
}

/* Whether t is the last thread of its process. If not, it is none of its threads any more, and does not touch what they share: the last
   one may give that back at any time. */
static bool is_last(struct process *p, struct thread *t, int code)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool last = process_has_one_thread(p);

    if (!p->ending && t->tid == p->main_tid)
        p->exit_status = code;
    if (!last) {
        if (t->user)
            user_space_leave(t->user);
        unlink_locked(t);
        limits_thread_leaves_locked(p);
        signals_for_others_locked(p, ~0ul);
        wake_all(&p->waiters); /* who wants to be alone */
    }
    spin_unlock_irq(&processes_lock, flags);
    return last;
}

void process_thread_leaves(struct thread *t, int code)
{
    struct process *p = t->owner;
    u64 flags;
    bool gone;

    thread_tells_end(t);
    if (!is_last(p, t, code)) {
        user_thread_end(t);
        return;
    }
    code = p->exit_status;
    if (p == &first_process)
        first_process_ends(code);
    posix_timers_end(p);
    release(p);
    terminal_left(p);
    flags = spin_lock_irq(&processes_lock);
    unlink_locked(t);
    spin_unlock_irq(&processes_lock, flags);
    user_thread_end(t);
    flags = spin_lock_irq(&processes_lock);
    groups_are_left_locked(p);
    children_are_left_locked(p);
    orphan_children_locked(p);
    p->state = PROCESS_ZOMBIE;
    gone = unwanted(p);
    if (gone)
        process_forget_locked(p);
    parent_hears_locked(p, code & 0x7f ? CLD_KILLED : CLD_EXITED, code & 0x7f ? code & 0x7f : code >> 8 & 0xff);
    spin_unlock_irq(&processes_lock, flags);
    if (gone)
        process_free(p);
}
