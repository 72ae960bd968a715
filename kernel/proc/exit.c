/* A process ends: what it held is given back at once, its children get another parent, and what its own parent will ask for is kept. Lock:
   processes_lock. */
#include "arch/user.h"
#include "proc/table.h"
#include "proc/user_thread.h"

/* Everything but what is kept for the parent. */
static void release(struct process *p)
{
    fd_close_all(&p->fds);
    if (p->space) {
        user_space_leave();
        aspace_free(p->space);
        p->space = NULL;
    }
}

/* The children of a process that ends are process 1's from now on. One of them may be dead already, and process 1 be waiting. */
static void orphan_children_locked(struct process *p)
{
    list_for_each_safe(it, &p->children) {
        struct process *child = list_entry(it, struct process, sibling_link);

        list_remove(&child->sibling_link);
        child->parent = &first_process;
        child->ppid = first_process.pid;
        list_push_tail(&first_process.children, &child->sibling_link);
        if (child->state == PROCESS_ZOMBIE)
            wake_all(&first_process.waiters);
    }
}

void process_thread_leaves(struct thread *t, int code)
{
    struct process *p = t->owner;
    u64 flags = spin_lock_irq(&processes_lock);
    bool last;

    list_remove(&t->owner_link);
    last = list_empty(&p->threads);
    spin_unlock_irq(&processes_lock, flags);
    if (last)
        release(p);
    user_thread_end(t);
    t->owner = NULL; /* the process may be waited for and freed before this thread is off its stack */
    if (!last)
        return;
    flags = spin_lock_irq(&processes_lock);
    orphan_children_locked(p);
    p->exit_status = code;
    p->state = PROCESS_ZOMBIE;
    if (p->parent)
        wake_all(&p->parent->waiters);
    spin_unlock_irq(&processes_lock, flags);
}
