/* fork: everything of the child is made before anybody can know of it; what fails is undone. Lock: the parent's address space's
   while that is copied. */
#include "proc/fork.h"
#include "arch/upcall.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/fault.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/thread.h"

/* The child's first steps, in the kernel. */
static int child_begins(void *at)
{
    tid_t tid = current()->tid;

    if (at)
        (void)copyout((uptr)at, &tid, sizeof(tid)); /* as Linux: a bad address is the program's own affair */
    irq_disable();
    before_user_mode(user_frame(current()->user));
    user_thread_enter();
}

struct thread *child_thread(struct process *owner, const struct fork_options *options, int *error)
{
    struct thread_params params = THREAD_PARAMS(owner->name, child_begins, (void *)options->child_tid);
    struct thread *me = current(), *t;
    struct user_thread *user;

    params.detached = true;
    params.owner_ops = &process_thread_ops;
    params.owner = owner;
    params.stack_reserve = sizeof(struct trap_frame);
    params.inherit_priority = true;
    t = thread_new(&params, error);
    if (!t)
        return NULL;
    *error = user_thread_prepare(t, owner->space->root);
    if (*error) {
        thread_discard(t);
        return NULL;
    }
    if (options->clear_handlers)
        signals_reset(owner);
    user = user_thread(t);
    user_context_save(&user->context);
    user->context.fs_base = options->set_tls ? options->tls : me->user->fs_base;
    user->blocked = user_thread(me)->blocked;
    user->altstack = options->share ? (struct signal_stack){ 0 } : user_thread(me)->altstack;
    user->clear_tid = options->clear_tid;
    *user_frame(t->user) = *user_frame(me->user);
    user_frame(t->user)->rax = 0;
    if (options->stack)
        user_frame(t->user)->rsp = options->stack;
    return t;
}

static struct address_space *copy_space(struct process *p)
{
    struct address_space *copy;

    mutex_lock(&p->space_lock);
    copy = aspace_fork(p->space);
    mutex_unlock(&p->space_lock);
    return copy;
}

/* vfork(): whoever looks at the parent's space does so before, or sees that it is lent. */
static void lend_space(struct process *me, struct process *child)
{
    mutex_lock(&me->space_lock);
    child->lent = me->lending = true;
    mutex_unlock(&me->space_lock);
}

/* vfork(): nobody else uses the space meanwhile. */
static void wait_for_space(struct process *me)
{
    u64 flags = spin_lock_irq(&processes_lock);
    int fatal = 0;

    while (me->lending && !(fatal = me->lent ? 0 : signal_fatal_locked(me))) /* what it was lent itself is not its to leave */
        (void)wait_on(&me->waiters, &processes_lock);
    spin_unlock_irq(&processes_lock, flags);
    if (fatal)
        process_leaves_space(me, fatal);
}

pid_t process_fork(const struct fork_options *options)
{
#if SOLVED >= 304
    struct thread *t;
    pid_t pid;
    int error;
    struct process *me = current_process(), *child = process_new(me->name, me, &error);

    if (!child)
        return error;
    error = -ENOMEM;
    child->space = options->share ? me->space : copy_space(me);
    if (!child->space)
        goto free_process;
    fs_context_copy(&child->fs, &me->fs);
    error = fd_table_copy(&child->fds, &me->fds);
    if (!error)
        error = signals_new(&child->signals, &me->signals);
    if (error)
        goto close;
    t = child_thread(child, options, &error);
    if (!t)
        goto close;
    if (options->share)
        lend_space(me, child);
    process_link(child, t, me);
    pid = child->pid; /* once launched, it may be gone at any time */
    if (options->parent_tid)
        (void)copyout(options->parent_tid, &pid, sizeof(pid));
    thread_launch(t);
    if (options->share)
        wait_for_space(me);
    return pid;

close:
    fd_close_all(&child->fds);
    fs_context_end(&child->fs);
    if (!options->share)
        aspace_free(child->space);
free_process:
    process_free(child);
    return error;
#else
    /* What does a child have of its own, what does it share with its parent, and what must be there before anybody can know of it?
       Each step may fail, and then what was done before is undone. child_thread() and copy_space() are given, and so are the
       functions of proc/table.h. */
    (void)options, (void)child_thread, (void)copy_space, (void)lend_space, (void)wait_for_space;
    panic("lab 3.4: process_fork is yours to write (kernel/proc/fork.c)");
#endif
}
