/* fork. Lock: the parent's address space's while it is copied. */
#include "proc/fork.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/thread.h"

/* The child's first steps, in the kernel: everything was prepared. */
static int child_begins(void *unused)
{
    (void)unused;
    user_thread_enter();
}

/* The child's thread: made, and not running yet. */
static struct thread *child_thread(struct process *child, int *error)
{
    struct thread_params params = THREAD_PARAMS(child->name, child_begins, NULL);
    struct thread *me = current(), *t;

    params.detached = true;
    params.owner_ops = &process_thread_ops;
    params.owner = child;
    params.stack_reserve = sizeof(struct trap_frame);
    params.priority = me->priority;
    t = thread_new(&params, error);
    if (!t)
        return NULL;
    *error = user_thread_prepare(t, child->space->root);
    if (*error) {
        thread_discard(t);
        return NULL;
    }
    user_context_save(t->user);
    t->user->fs_base = me->user->fs_base;
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

pid_t process_fork(void)
{
    struct process *me = current_process(), *child = process_new(me->name);
    struct trap_frame *frame;
    struct thread *t;
    pid_t pid;
    int error = -ENOMEM;

    if (!child)
        return -ENOMEM;
    child->space = copy_space(me);
    if (!child->space)
        goto free_process;
    error = fd_table_copy(&child->fds, &me->fds);
    if (error)
        goto free_space;
    t = child_thread(child, &error);
    if (!t)
        goto close;
    frame = user_frame(t->user);
    *frame = *user_frame(current()->user);
    frame->rax = 0;
    process_link(child, t, me);
    pid = child->pid; /* once launched, it may be gone at any time */
    thread_launch(t);
    return pid;

close:
    fd_close_all(&child->fds);
free_space:
    aspace_free(child->space);
free_process:
    process_free(child);
    return error;
}
