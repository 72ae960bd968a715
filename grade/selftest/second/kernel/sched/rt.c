/* A second solution of lab 5.4: the bitmap is gone through word by word, and a window is known by the time at which it began. */
#include "sched/rt.h"

#define WORD_BITS 64u

static inline struct list *equals(struct rt_rq *rt, const struct thread *t)
{
    return &rt->level[t->se.rt.priority];
}

void rt_join(struct rt_rq *rt, struct thread *t, enum enqueue_why why)
{
    const struct rt_entity *e = &t->se.rt;
    bool first = false;

    switch (why) {
    case ENQUEUE_PREEMPTED:
        first = !e->turn_over;
        break;
    case ENQUEUE_CHANGED:
        first = e->lowered;
        break;
    default:
        break;
    }
    (first ? list_push_head : list_push_tail)(equals(rt, t), &t->run_link);
    rt->nonempty[e->priority / WORD_BITS] |= 1ul << e->priority % WORD_BITS;
}

struct thread *rt_first(struct rt_rq *rt)
{
    for (unsigned word = array_len(rt->nonempty); word-- > 0;) {
        u64 bits = rt->nonempty[word];

        if (bits) {
            unsigned level = word * WORD_BITS + WORD_BITS - 1 - (unsigned)__builtin_clzl(bits);

            return list_entry(rt->level[level].next, struct thread, run_link);
        }
    }
    return NULL;
}

void rt_tick(struct rq *rq, struct thread *t)
{
    struct rt_entity *e = &t->se.rt;
    bool over = t->se.params.policy == SCHED_RR && t->se.charged >= e->slice_start + SCHED_RR_SLICE_NS;

    if (!over)
        return;
    e->turn_over = true;
    e->slice_start = t->se.charged;
    if (!list_empty(equals(&rq->classes.rt, t)))
        resched(rq);
}

void rt_check_preempt(struct rq *rq, struct thread *t)
{
    if (rq->curr->se.rt.priority < t->se.rt.priority)
        resched(rq);
}

bool rt_account(struct rt_rq *rt, u64 now, u64 delta)
{
    u64 into = now % class_options.rt_period_ns, number = now / class_options.rt_period_ns;

    if (number != rt->window) {
        rt->window = number;
        rt->used = 0;
        if (delta > into)
            delta = into;
    }
    rt->used += delta;
    return rt->used >= class_options.rt_runtime_ns;
}
