/* vfork(): what becomes of an address space that its process has lent to a child. Whoever waits for it gets it back, and whoever is killed
   meanwhile leaves it to the child. Lock: processes_lock says which of the two it was. */
#include "arch/user.h"
#include "proc/clone.h"
#include "proc/signal.h"
#include "proc/table.h"
#include "proc/user_thread.h"

#define SIGNALS_WITH_DUMP                                                                                                                  \
    (SIGNALS_OF_FAULTS | SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGSYS) | SIGNAL_BIT(SIGXCPU) | SIGNAL_BIT(SIGXFSZ))

int signal_fatal_locked(const struct process *p)
{
    const struct user_thread *user = user_thread(current());
    u64 waiting = (p->signals.pending | user->own.pending) & ~user->blocked & ~SIGNALS_STOP & ~SIGNALS_WITH_DUMP;

    if (waiting & SIGNAL_BIT(SIGKILL))
        return SIGKILL;
    for (; waiting && p != &first_process; waiting &= waiting - 1) {
        int signal = __builtin_ctzl(waiting) + 1;

        if (p->signals.action[signal - 1].handler == SIG_DFL && !signal_ignored(p, signal))
            return signal;
    }
    return 0;
}

void process_returns_space(struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct address_space *left = p->left;

    p->lent = false;
    p->left = NULL;
    if (!left) {
        p->parent->lending = false; /* it waits: it is still there */
        wake_all(&p->parent->waiters);
    }
    spin_unlock_irq(&processes_lock, flags);
    if (left)
        aspace_free(left);
}

static struct process *borrower_locked(struct process *me)
{
    list_for_each(it, &me->children) {
        struct process *child = list_entry(it, struct process, sibling_link);

        if (child->lent && !child->left)
            return child;
    }
    return NULL;
}

_Noreturn void process_leaves_space(struct process *me, int signal)
{
    struct user_thread *user = user_thread(current());
    u64 flags;

    user->no_fault = true; /* the child has the space: no page of it is made here */
    thread_tells_end(current());
    user->no_fault = false;
    mutex_lock(&me->space_lock);
    flags = spin_lock_irq(&processes_lock);
    if (me->lending) {
        user_space_leave(current()->user); /* the child may give it back as soon as it is the child's */
        me->used.max_pages = me->space->pages;
        borrower_locked(me)->left = me->space;
        me->space = NULL;
        me->lending = false;
    }
    spin_unlock_irq(&processes_lock, flags);
    mutex_unlock(&me->space_lock);
    process_end(signal);
}
