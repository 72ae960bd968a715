/* What the scheduling classes give up to other CPUs (steal_lists.c). Deadline threads belong to their CPU. Lock: the run queue's. */
#include "sched/fair.h"
#include "sched/rt.h"
#include "sched/smp.h"

/* The right end of the tree, whose turn comes last: under CFS who has had most, under EEVDF whose request is due last, be it eligible or
   not. Those who may not go to that CPU are passed over. */
struct thread *fair_steal(struct rq *rq, int cpu)
{
    for (struct rb_node *it = rq->classes.fair.tree.rightmost; it; it = rb_prev(it))
        if (stealable(thread_of_fair(fair_of(it)), cpu))
            return thread_of_fair(fair_of(it));
    return NULL;
}

/* None while the class is throttled here: what it had of the other CPU would be beyond its share. */
struct thread *rt_steal(struct rq *rq, int cpu)
{
    struct rt_rq *rt = &rq->classes.rt;
    struct thread *t = NULL;

    for (unsigned level = 0; !t && rt->nr && !rt->throttled && level < RT_PRIORITIES; level++)
        t = steal_from_list(&rt->level[level], cpu);
    return t;
}

struct thread *background_steal(struct rq *rq, int cpu)
{
    return steal_from_list(&rq->classes.background.ready, cpu);
}
