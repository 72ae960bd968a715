/* Threads of a process beside its first one. All that fork() copies they share. Lock: processes_lock, under which a thread joins its
   process, and leaves it. */
#include "proc/clone.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/robust.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/thread.h"

void clone_init(void)
{
    futex_init();
}

/* t is a thread of the process from now on: not if the process ends, or its user has enough. What others have told that it looks at when it
   begins. Returns 0, -ERESTART or -EAGAIN. */
static int join(struct process *p, struct thread *t)
{
    u64 flags = spin_lock_irq(&processes_lock);
    int error = thread_is_dismissed_locked(current()) ? -ERESTART : limits_thread_joins_locked(p);

    if (!error) {
        t->interrupted = true;
        list_push_tail(&p->threads, &t->owner_link);
    }
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

pid_t process_clone(const struct fork_options *options)
{
    int error;
    struct process *p = current_process();
    struct thread *t = child_thread(p, options, &error);
    tid_t tid;

    if (!t)
        return error;
    tid = t->tid; /* once launched, it may be gone at any time */
    error = join(p, t);
    if (error) {
        user_thread_end(t);
        thread_discard(t);
        return error;
    }
    if (options->parent_tid)
        (void)copyout(options->parent_tid, &tid, sizeof(tid));
    thread_launch(t);
    return tid;
}

/* Nobody can wait for the last one: but for its mutexes, another process. */
void thread_tells_end(struct thread *me)
{
    const u32 gone = 0;
    uptr at;

    if (!me->user)
        return;
    robust_list_end(me);
    at = user_thread(me)->clear_tid;
    if (at && !process_has_one_thread(current_process()) && !copyout(at, &gone, sizeof(gone)))
        (void)futex_wake(at, false, 1, FUTEX_ANY);
}
