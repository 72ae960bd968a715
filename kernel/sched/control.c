/* What one thread may do to another (control.h). Lock: the thread table's keeps the target alive, its run queue's guards the change. */
#include "sched/control.h"
#include "base/trace.h"
#include "lib/errno.h"
#include "sched/change.h"
#include "sched/mutex.h"
#include "sched/preempt.h"
#include "sched/wait.h"

/* Finds a thread and calls change() with it, under the table's and its run queue's locks. */
static int with_thread(tid_t tid, int (*change)(struct rq *rq, struct thread *t, u64 value), u64 value)
{
    u64 flags = threads_lock_irq();
    struct thread *t = thread_find_locked(tid);
    int error = -ESRCH;

    if (t && t->state < THREAD_ZOMBIE) {
        struct rq *rq = waking_rq_lock(t); /* some of the changes wake it */

        error = change(rq, t, value);
        spin_unlock(&rq->lock);
    }
    threads_unlock_irq(flags);
    return error;
}

static int kill(struct rq *rq, struct thread *t, u64 code)
{
    t->killed = !t->exits;
    t->kill_code = (int)(s64)code;
    t->suspended = false;
    if (t->state == THREAD_BLOCKED || t->state == THREAD_STOPPED)
        sched_unblock(rq, t);
    else
        smp_look(t);
    return 0;
}

int thread_kill(tid_t tid, int code)
{
    int error = with_thread(tid, kill, (u64)(s64)code);

    thread_safe_point();
    return error;
}

void thread_safe_point(void)
{
    struct thread *me = current();

    if (unlikely(me->killed) && irq_enabled() && !preempt_count())
        thread_exit(me->kill_code);
}

static int suspend(struct rq *rq, struct thread *t, u64 unused)
{
    (void)unused;
    if (t->suspended || t->state == THREAD_NEW)
        return -EINVAL;
    t->suspended = true;
    trace(TRACE_STOP, t, (u32)current()->tid, 0, 0);
    if (t->state == THREAD_READY) {
        sched_dequeue(rq, t);
        thread_set_state(t, THREAD_STOPPED);
        t->blocked_since = clock_ns();
    } else if (t->state == THREAD_RUNNING && t != current()) {
        resched(rq); /* on another CPU: it stops when it makes room there */
    }
    return 0;
}

int thread_suspend_begin(tid_t tid)
{
    return with_thread(tid, suspend, 0);
}

void thread_suspend_here(void)
{
    u64 flags = irq_save();
    struct rq *rq = this_rq_lock();
    struct thread *me = rq->curr;

    if (me->suspended) {
        thread_set_state(me, THREAD_STOPPED);
        me->blocked_since = clock_ns();
        me->nr_waits++;
        schedule(rq);
    } else {
        spin_unlock(&rq->lock);
    }
    irq_restore(flags);
}

int thread_suspend(tid_t tid)
{
    int error = thread_suspend_begin(tid);

    if (!error && tid == current()->tid)
        thread_suspend_here();
    thread_safe_point();
    return error;
}

static int resume(struct rq *rq, struct thread *t, u64 unused)
{
    (void)unused;
    if (!t->suspended)
        return -EINVAL;
    t->suspended = false;
    trace(TRACE_RESUME, t, (u32)current()->tid, 0, 0);
    if (t->state == THREAD_STOPPED)
        sched_unblock(rq, t);
    return 0;
}

int thread_resume(tid_t tid)
{
    return with_thread(tid, resume, 0);
}

static int wake(struct rq *rq, struct thread *t, u64 unused)
{
    (void)unused;
    if (t->state != THREAD_BLOCKED)
        return -EINVAL;
    t->roused = true;
    sched_unblock(rq, t);
    return 0;
}

int thread_wake_by_hand(tid_t tid)
{
    return with_thread(tid, wake, 0);
}

static int set_priority(struct rq *rq, struct thread *t, u64 priority)
{
    int before = thread_effective(t);
    bool moves = thread_would_have(t, (enum thread_priority)priority, t->inherited) != before;
    struct sched_change change = sched_change_begin(rq, t, moves);

    t->priority = (enum thread_priority)priority;
    if (unlikely(trace_on))
        sched_trace_priority(rq, t, current()->tid, before);
    sched_change_end(&change, moves || t == rq->curr);
    return 0;
}

int thread_set_priority(tid_t tid, enum thread_priority priority)
{
    int error;

    if (priority > PRIORITY_CRITICAL)
        return -EINVAL;
    error = with_thread(tid, set_priority, priority);
    if (!error)
        mutex_priority_changed(tid);
    return error;
}
