/* A second solution of lab 2.6a: every list is looked at, from the best priority down, and one function says who goes before whom. */
#include "sched/policies.h"
#include "sched/preempt.h"

static bool goes_before(const struct rq *rq, const struct thread *a, const struct thread *b)
{
    int more = prio_level(rq, a) - prio_level(rq, b);

    return more > 0 || (!more && ready_before(a, b));
}

struct thread *prio_first(struct rq *rq)
{
    struct thread *first = NULL;

    for (int n = PRIO_LEVELS - 1; n >= 0; n--)
        if (!list_empty(&rq->prio.level[n])) {
            struct thread *t = list_entry(rq->prio.level[n].next, struct thread, run_link);

            if (!first || goes_before(rq, t, first))
                first = t;
        }
    return first;
}

void prio_tick(struct rq *rq, struct thread *t)
{
    u64 used = thread_ran(rq, t) - t->slice_start;
    bool over = used >= rr_quantum(t);

    if (!over) {
        struct thread *first = prio_first(rq);

        over = first != NULL && prio_level(rq, t) < prio_level(rq, first);
    }
    if (over)
        resched(rq);
}

void prio_check_preempt(struct rq *rq, struct thread *t)
{
    int mine = prio_level(rq, rq->curr), its = prio_level(rq, t);

    if (mine >= its)
        return;
    resched(rq);
}
