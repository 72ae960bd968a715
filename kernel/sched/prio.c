/* Priority scheduling: lab 2.6a. Who has the highest priority runs; equals share the CPU in turns of a quantum, as under round-robin. The
   priority at which a thread competes is prio_level() (ageing.c), whether it runs or waits. The run queue's lock is held, interrupts are
   off.

   The threads that wait stand in rq->prio.level[n], n their priority without ageing, in the order in which they became ready. Threads of
   one list rise at the same pace, so none of them is ever above its first one: to know the best of all, look at the first of each list
   that is not empty (rq->prio.nonempty). That is at most PRIO_LEVELS looks, however many threads wait. */
#include "base/lab.h"
#include "sched/policies.h"
#include "sched/preempt.h"

struct thread *prio_first(struct rq *rq)
{
#if SOLVED >= 206
    struct thread *best = NULL;
    int best_level = -1;

    for (u64 left = rq->prio.nonempty; left; left &= left - 1) {
        struct thread *t = list_entry(rq->prio.level[__builtin_ctzl(left)].next, struct thread, run_link);
        int level = prio_level(rq, t);

        if (level > best_level || (level == best_level && ready_before(t, best))) {
            best = t;
            best_level = level;
        }
    }
    return best;
#else
    /* This takes whoever has been ready for longest, whatever the priority. The list in which a first one stands says what it began with:
       is that also the level at which it competes now? And who goes first if two of them compete at the same one? */
    struct thread *oldest = NULL;

    lab_stub("2.6a", "prio_first");
    for (u64 left = rq->prio.nonempty; left; left &= left - 1) {
        struct thread *t = list_entry(rq->prio.level[__builtin_ctzl(left)].next, struct thread, run_link);

        if (!oldest || ready_before(t, oldest))
            oldest = t;
    }
    return oldest;
#endif
}

void prio_tick(struct rq *rq, struct thread *t)
{
#if SOLVED >= 206
    struct thread *best = prio_first(rq);

    if (thread_ran(rq, t) - t->slice_start >= rr_quantum(t))
        resched(rq);
    else if (best && prio_level(rq, best) > prio_level(rq, t)) /* it has risen above t by waiting */
        resched(rq);
#else
    /* This makes everybody make room at every tick. Two things only are a reason; they come about though nobody wakes: one by t's
       running, one by the others' waiting. */
    (void)t;
    lab_stub("2.6a", "prio_tick");
    resched(rq);
#endif
}

void prio_check_preempt(struct rq *rq, struct thread *t)
{
#if SOLVED >= 206
    if (prio_level(rq, t) > prio_level(rq, rq->curr))
        resched(rq);
#else
    /* Is an equal one a reason to take the CPU away? */
    (void)rq, (void)t;
    lab_stub("2.6a", "prio_check_preempt");
#endif
}
