/* A second solution of lab 3.4: one function undoes all, whatever was made. */
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

/* What the child has besides its space and its thread. Returns 0 or -ENOMEM; what was done by then is undone by unmake(). */
static int inherit(struct process *child, struct process *me)
{
    int error;

    fs_context_copy(&child->fs, &me->fs);
    error = fd_table_copy(&child->fds, &me->fds);
    return error ? error : signals_new(&child->signals, &me->signals);
}

/* Gives back a child that nobody knows. */
static void unmake(struct process *child, bool own_space)
{
    fd_close_all(&child->fds);
    if (child->fs.cwd)
        fs_context_end(&child->fs);
    if (own_space && child->space)
        aspace_free(child->space);
    process_free(child);
}

pid_t process_fork(const struct fork_options *options)
{
    struct process *me = current_process();
    struct thread *t = NULL;
    pid_t pid;
    int error;
    struct process *child = process_new(me->name, me, &error);

    if (!child)
        return error;
    child->space = me->space;
    if (!options->share)
        child->space = copy_space(me);
    error = child->space ? inherit(child, me) : -ENOMEM;
    if (!error)
        t = child_thread(child, options, &error);
    if (!t) {
        unmake(child, !options->share);
        return error;
    }
    process_link(child, t, me);
    pid = child->pid;
    if (options->share)
        lend_space(me, child);
    if (options->parent_tid)
        (void)copyout(options->parent_tid, &pid, sizeof(pid));
    thread_launch(t);
    if (options->share)
        wait_for_space(me);
    return pid;
}
