/* Who takes a thread's exit code and gives back what it held: the one that joins it, or, for a detached thread, the one that was switched
   to when it had left its stack. Lock: the thread table's (thread.c) guards who joins whom. */
#include "sched/thread.h"
#include "base/assert.h"
#include "base/trace.h"
#include "lib/errno.h"

/* Makes the caller the only joiner of tid. */
static int claim(tid_t tid, struct thread **target)
{
    struct thread *me = current();
    u64 flags = threads_lock_irq();
    struct thread *t = thread_find_locked(tid);
    int error = 0;

    if (!t)
        error = -ESRCH;
    else if (t == me)
        error = -EDEADLK;
    else if (t->flags & THREAD_DETACHED || t->joiner)
        error = -EINVAL;
    else
        t->joiner = me->tid;
    threads_unlock_irq(flags);
    *target = t;
    return error;
}

/* The one who was to join gives up. */
static void unclaim(struct thread *t)
{
    u64 flags = threads_lock_irq();

    t->joiner = 0;
    threads_unlock_irq(flags);
}

static int wait_and_collect(struct thread *t, int *code)
{
    for (;;) {
        int error;

        wait_prepare(t);
        if (join_try(t, code))
            break;
        ASSERT(t->state < THREAD_TERMINATED,
               "join_try: returned false, and thread %d has been given back: false means that nothing changed", t->tid);
        error = wait_step(t);
        if (error) {
            unclaim(t);
            return error;
        }
    }
    wait_cancel();
    return 0;
}

int thread_join(tid_t tid, int *code)
{
    struct thread *t;
    int error = claim(tid, &t);
    int exit_code = 0;
    u64 flags;

    if (!error)
        error = wait_and_collect(t, &exit_code);
    if (error)
        return error;
    flags = irq_save();
    trace(TRACE_JOIN, current(), (u32)tid, (u64)(s64)exit_code, 0);
    irq_restore(flags);
    if (code)
        *code = exit_code;
    return 0;
}

static void reclaim_detached(struct thread *t)
{
    thread_set_state(t, THREAD_TERMINATED);
    thread_reclaim(t);
}

int thread_detach(tid_t tid)
{
    u64 flags = threads_lock_irq();
    struct thread *t = thread_find_locked(tid);
    bool gone = false;
    int error = 0;

    if (!t)
        error = -ESRCH;
    else if (t->flags & THREAD_DETACHED || t->joiner)
        error = -EINVAL;
    else {
        t->flags |= THREAD_DETACHED;
        gone = t->left_stack;
    }
    threads_unlock_irq(flags);
    if (gone)
        reclaim_detached(t);
    return error;
}

void thread_left_stack(struct thread *t)
{
    u64 flags = threads_lock_irq();
    bool detached = t->flags & THREAD_DETACHED;

    ASSERT(t->state == THREAD_ZOMBIE, "thread_exit: thread %d (%s) has exited and is %s, expected ZOMBIE", t->tid, t->name,
           thread_state_name(t->state));
    ASSERT(!t->left_stack, "thread_exit: left_stack of thread %d (%s) was set while the thread still stood on its stack", t->tid, t->name);
    thread_check_state(t);
    __atomic_store_n(&t->left_stack, true, __ATOMIC_RELEASE); /* who joins t looks without the lock, and may give it back from here on */
    threads_unlock_irq(flags);
    if (detached)
        reclaim_detached(t);
    else
        wait_over(t);
}
