/* The decisions of the real-time class: lab 5.4. The run queue's lock is held, interrupts are off.

   Each priority has a list in the order in which its threads run, and a bit that says whether somebody is in it: whoever runs next is
   found by looking at two words, however many wait. What is promised to a FIFO thread is that it runs until it blocks or yields: it loses
   the CPU only to a higher priority, and then stands before its equals. Under RR equals take turns besides. */
#include "sched/rt.h"
#include "base/lab.h"

/* Whether a thread goes before its equals. */
static inline bool to_head(const struct rt_entity *e, enum enqueue_why why)
{
#if SOLVED >= 504
    return (why == ENQUEUE_PREEMPTED && !e->turn_over) || (why == ENQUEUE_CHANGED && e->lowered);
#else
    /* Who has not had its turn to the end, and did not give it up? */
    (void)e, (void)why;
    return false;
#endif
}

void rt_join(struct rt_rq *rt, struct thread *t, enum enqueue_why why)
{
#if SOLVED >= 504
    unsigned level = t->se.rt.priority;

    if (to_head(&t->se.rt, why))
        list_push_head(&rt->level[level], &t->run_link);
    else
        list_push_tail(&rt->level[level], &t->run_link);
    rt->nonempty[level / 64] |= 1ul << level % 64;
#else
    /* This sends everybody to the tail: whoever loses the CPU to a higher priority also loses its turn. And how will rt_first() know that
       there is somebody? */
    (void)why;
    lab_stub("5.4", "rt_join");
    list_push_tail(&rt->level[t->se.rt.priority], &t->run_link);
#endif
}

struct thread *rt_first(struct rt_rq *rt)
{
#if SOLVED >= 504
    unsigned word = rt->nonempty[1] != 0;

    if (!rt->nonempty[word])
        return NULL;
    return list_entry(rt->level[word * 64 + 63 - (unsigned)__builtin_clzl(rt->nonempty[word])].next, struct thread, run_link);
#else
    /* Somebody, but the last who should run; and a hundred lists are looked at for it. __builtin_clzl() counts the zero bits above a word's
       highest one. */
    for (unsigned level = 0; level < RT_PRIORITIES; level++) {
        if (list_empty(&rt->level[level]))
            continue;
        lab_stub("5.4", "rt_first");
        return list_entry(rt->level[level].next, struct thread, run_link);
    }
    return NULL;
#endif
}

void rt_tick(struct rq *rq, struct thread *t)
{
#if SOLVED >= 504
    struct rt_entity *e = &t->se.rt;

    if (t->se.params.policy != SCHED_RR || t->se.charged - e->slice_start < SCHED_RR_SLICE_NS)
        return;
    e->slice_start = t->se.charged;
    e->turn_over = true;
    if (!list_empty(&rq->classes.rt.level[e->priority]))
        resched(rq);
#else
    /* Whose slice can be over? And if nobody of its priority waits? */
    (void)rq, (void)t;
    lab_stub("5.4", "rt_tick");
#endif
}

void rt_check_preempt(struct rq *rq, struct thread *t)
{
#if SOLVED >= 504
    if (t->se.rt.priority > rq->curr->se.rt.priority)
        resched(rq);
#else
    /* Higher, or as high? Think of two FIFO threads that wake each other. */
    (void)rq, (void)t;
    lab_stub("5.4", "rt_check_preempt");
#endif
}

bool rt_account(struct rt_rq *rt, u64 now, u64 delta)
{
#if SOLVED >= 504
    u64 window = now / class_options.rt_period_ns;

    if (window == rt->window)
        rt->used += delta;
    else
        rt->used = min(delta, now - window * class_options.rt_period_ns);
    rt->window = window;
    return rt->used >= class_options.rt_runtime_ns;
#else
    /* As long as this never says so, a FIFO thread that loops has the CPU for ever. Which part of delta lies in the window of `now`? */
    (void)rt, (void)now, (void)delta;
    lab_stub("5.4", "rt_account");
    return false;
#endif
}
