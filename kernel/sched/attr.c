/* Changing how a thread is scheduled (attr.h). Lock: the thread table's keeps it and makes one change follow the other, its run queue's
   guards the change. */
#include "sched/attr.h"
#include "lib/errno.h"
#include "sched/change.h"
#include "sched/deadline.h"
#include "sched/fair.h"
#include "sched/lend.h"
#include "sched/mutex.h"
#include "sched/smp.h"
#include "sched/rt.h"

#define NICE_LEAST (-20)
#define NICE_MOST 19
#define RT_LEAST 1
#define RT_MOST 99

int sched_params_check(const struct sched_params *p)
{
    bool rt = p->policy == SCHED_FIFO || p->policy == SCHED_RR;

    if (p->nice < NICE_LEAST || p->nice > NICE_MOST)
        return -EINVAL;
    if (rt ? p->rt_priority < RT_LEAST || p->rt_priority > RT_MOST : p->rt_priority)
        return -EINVAL;
    switch (p->policy) {
    case SCHED_DEADLINE:
        return deadline_params_check(p);
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_FIFO:
    case SCHED_RR:
    case SCHED_IDLE:
        return 0;
    default:
        return -EINVAL;
    }
}

static bool is_normal(const struct sched_params *p)
{
    return p->policy == SCHED_OTHER || p->policy == SCHED_BATCH;
}

/* If it waits here, or runs. */
static void trace_numbers(struct rq *rq, const struct thread *t)
{
    if ((t->state == THREAD_READY && !t->leaving) || t->state == THREAD_RUNNING)
        class_trace_entity(rq, t);
}

/* t's parameters are new, its class stays what it is: the policy of normal threads. */
static void change_numbers(struct rq *rq, struct thread *t)
{
    if (unlikely(trace_on))
        class_trace_policy(rq, t);
    if (t->class->set_nice)
        t->class->set_nice(rq, t, t->se.params.nice);
    else
        fair_params(t);
    if (unlikely(trace_on))
        trace_numbers(rq, t);
    sched_check_priorities(rq, t);
}

/* Whether a and b differ in nothing that a class but that of normal threads goes by: only in the nice value and what becomes of children,
   if at all. */
static bool same_to_class(const struct sched_params *a, const struct sched_params *b)
{
    return a->policy == b->policy && a->rt_priority == b->rt_priority && a->runtime == b->runtime && a->deadline == b->deadline &&
           a->period == b->period;
}

/* FIFO and RR of one priority stand in one list. */
static bool same_list(const struct sched_params *a, const struct sched_params *b)
{
    return a->rt_priority && a->rt_priority == b->rt_priority;
}

/* Nobody lends t anything. */
static void set_own(struct rq *rq, struct thread *t, const struct sched_params *p)
{
    if (t->class_id == SCHED_CLASS_NORMAL && is_normal(p)) {
        t->se.asked = t->se.params = *p;
        change_numbers(rq, t);
    } else if (same_to_class(p, &t->se.params)) {
        t->se.asked = t->se.params = *p;
        if (unlikely(trace_on)) {
            class_trace_policy(rq, t);
            trace_numbers(rq, t);
        }
    } else {
        bool moves = !same_list(p, &t->se.params);
        struct sched_change change = sched_change_begin(rq, t, moves);

        t->se.asked = *p;
        class_change(rq, t, p, false, 0);
        if (unlikely(trace_on) && !moves && t->state == THREAD_READY)
            trace_numbers(rq, t);
        sched_change_end(&change, true);
    }
}

/* While it is changed t goes by what it had asked for, so that it is as if others began to lend to it just after. */
static void set_params(struct rq *rq, struct thread *t, const struct sched_params *p)
{
    class_lend_stop(rq, t);
    set_own(rq, t, p);
    class_lend_again(rq, t);
}

/* Calls change() with the thread and its run queue's lock held. */
static int with_thread(tid_t tid, const struct sched_params *p,
                       int (*change)(struct rq *rq, struct thread *t, const struct sched_params *p))
{
    u64 flags = threads_lock_irq();
    struct thread *t = thread_find_locked(tid);
    int error = t ? 0 : -ESRCH;

    if (t && p->policy == SCHED_DEADLINE)
        error = deadline_reserve(t, p);
    if (!error) {
        struct rq *rq = thread_rq_lock(t);

        if (t->state < THREAD_ZOMBIE)
            error = change(rq, t, p);
        else
            error = -ESRCH;
        if (error && p->policy == SCHED_DEADLINE)
            deadline_unreserve(rq, t);
        spin_unlock(&rq->lock);
        threads_deliver(rq);
    }
    threads_unlock_irq(flags);
    if (!error)
        mutex_priority_changed(tid);
    preempt_point(); /* if it is the caller, it may have to make room at once */
    return error;
}

static int change_params(struct rq *rq, struct thread *t, const struct sched_params *p)
{
    set_params(rq, t, p);
    return 0;
}

int thread_set_params(tid_t tid, const struct sched_params *p)
{
    return sched_params_check(p) ?: with_thread(tid, p, change_params);
}

/* p: only the nice value is meant. */
static int change_nice(struct rq *rq, struct thread *t, const struct sched_params *p)
{
    struct sched_params all = t->se.asked;

    all.nice = p->nice;
    set_params(rq, t, &all);
    return 0;
}

int thread_set_nice(tid_t tid, int nice)
{
    struct sched_params p = { .policy = SCHED_OTHER, .nice = (s8)nice };

    return sched_params_check(&p) ?: with_thread(tid, &p, change_nice);
}

int thread_get_params(tid_t tid, struct sched_params *p)
{
    u64 flags = threads_lock_irq();
    const struct thread *t = thread_find_locked(tid);

    if (t) {
        struct rq *rq = thread_rq_lock(t);

        *p = t->se.asked;
        spin_unlock(&rq->lock);
    }
    threads_unlock_irq(flags);
    return t ? 0 : -ESRCH;
}
