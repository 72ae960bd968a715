/* What each policy gives up to other CPUs: of the threads that would wait longest here, the last one that may go there. Lock: the run
   queue's. */
#include "sched/smp.h"

struct thread *rq_steal(struct rq *rq, int cpu)
{
    return steal_from_list(&rq->ready, cpu);
}

struct thread *prio_steal(struct rq *rq, int cpu)
{
    for (u64 left = rq->prio.nonempty; left; left &= left - 1) {
        struct thread *t = steal_from_list(&rq->prio.level[__builtin_ctzl(left)], cpu);

        if (t)
            return t;
    }
    return NULL;
}

struct thread *mlfq_steal(struct rq *rq, int cpu)
{
    for (unsigned level = MLFQ_LEVELS; level-- > 0;) {
        struct thread *t = steal_from_list(&rq->mlfq.level[level], cpu);

        if (t)
            return t;
    }
    return NULL;
}

struct thread *sjf_steal(struct rq *rq, int cpu)
{
    for (struct rb_node *it = rq->sjf.tree.rightmost; it; it = rb_prev(it)) {
        struct thread *t = rb_entry(it, struct thread, sjf.node);

        if (stealable(t, cpu))
            return t;
    }
    return NULL;
}
