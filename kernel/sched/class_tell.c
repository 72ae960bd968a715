/* What the scheduling classes keep of a thread, for /proc, by Linux's names where it has one. Times are as of the last charge, a tick ago
   at most. Lock: the run queue's. */
#include "sched/classes.h"
#include "sched/deadline.h"
#include "sched/fair.h"
#include "sched/rt.h"

static void tell_eevdf(struct rq *rq, const struct fair_entity *e, sched_teller *tell, void *to)
{
    tell(to, "se.deadline", (s64)e->deadline, TELL_NS);
    tell(to, "se.slice", (s64)e->slice, TELL_NS);
    tell(to, "se.vlag", e->member ? (s64)(eevdf_vtime(rq) - e->vruntime) : e->vlag, TELL_NS);
}

void class_tell(struct rq *rq, const struct thread *t, sched_teller *tell, void *to)
{
    const struct sched_entity *se = &t->se;

    if (t->class == &eevdf_class || t->class == &cfs_class) {
        tell(to, "se.vruntime", (s64)se->fair.vruntime, TELL_NS);
        tell(to, "se.load.weight", se->fair.weight, TELL_NUMBER);
    }
    if (t->class == &eevdf_class)
        tell_eevdf(rq, &se->fair, tell, to);
    if (se->params.policy == SCHED_RR)
        tell(to, "rt.time_slice", (s64)(SCHED_RR_SLICE_NS - (se->charged - se->rt.slice_start)), TELL_NS);
    if (t->class == &deadline_class) {
        tell(to, "dl.dl_runtime", (s64)se->params.runtime, TELL_NS);
        tell(to, "dl.dl_deadline", (s64)se->params.deadline, TELL_NS);
        tell(to, "dl.dl_period", (s64)deadline_period(&se->params), TELL_NS);
        tell(to, "dl.runtime", se->dl.budget, TELL_NS);
        tell(to, "dl.deadline", (s64)se->dl.deadline, TELL_NS);
        tell(to, "dl.throttled", se->dl.throttled, TELL_NUMBER);
    }
}
