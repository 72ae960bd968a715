/* Who may have deadlines: lab 5.5b. The run queue's lock is held, interrupts are off.

   EDF keeps all promises of a CPU as long as they sum up to no more than the CPU. So each thread of the class reserves its bandwidth Q /
   P, and one for which there is not enough is refused. Bandwidths are whole numbers of 2^-DL_BANDWIDTH_SHIFT, rounded up. */
#include "base/lab.h"
#include "sched/deadline.h"

u64 deadline_bandwidth(const struct sched_params *p)
{
#if SOLVED >= 505
    u64 period = deadline_period(p); /* some 4 s at most: the product has 52 bits */

    return ((p->runtime << DL_BANDWIDTH_SHIFT) + period - 1) / period;
#else
    /* As if it cost nothing. What happens to many small ones that are each rounded down? */
    (void)p;
    lab_stub("5.5b", "deadline_bandwidth");
    return 0;
#endif
}

/* Takes back what those had who left before their 0-lag time, if that time has come. */
static inline void settle(struct rq *rq)
{
#if SOLVED >= 505
    struct dl_rq *dl = &rq->classes.dl;

    if ((s64)(rq_now(rq) - dl->leaving_at) < 0)
        return;
    dl->bandwidth -= dl->leaving;
    dl->leaving = 0;
#else
    /* dl->leaving is part of dl->bandwidth until dl->leaving_at. */
    (void)rq;
#endif
}

bool admission_take(struct rq *rq, struct thread *t, u64 bandwidth)
{
#if SOLVED >= 505
    struct dl_rq *dl = &rq->classes.dl;
    u64 sum;

    settle(rq);
    sum = dl->bandwidth - t->se.dl.bandwidth + bandwidth;
    if (class_options.dl_bandwidth && sum > class_options.dl_bandwidth)
        return false;
    dl->bandwidth = sum;
    t->se.dl.bandwidth = bandwidth;
    return true;
#else
    /* Everybody is let in, however many there are. What of that which others have reserved is theirs no more? */
    (void)rq, (void)t, (void)bandwidth;
    lab_stub("5.5b", "admission_take");
    return true;
#endif
}

/* Time, ns, in which a thread of this bandwidth has a budget, if it has it evenly; without a product beyond 64 bits. */
static inline s64 evenly(s64 budget, u64 bandwidth)
{
    s64 whole = budget / (s64)bandwidth, rest = budget % (s64)bandwidth;

    return whole * (1l << DL_BANDWIDTH_SHIFT) + rest * (1l << DL_BANDWIDTH_SHIFT) / (s64)bandwidth;
}

void admission_give(struct rq *rq, struct thread *t)
{
#if SOLVED >= 505
    struct dl_rq *dl = &rq->classes.dl;
    struct dl_entity *e = &t->se.dl;
    u64 when;

    if (!e->bandwidth)
        return;
    settle(rq);
    when = e->deadline - (u64)evenly(e->budget, e->bandwidth);
    if ((s64)(when - rq_now(rq)) <= 0) {
        dl->bandwidth -= e->bandwidth;
    } else {
        dl->leaving_at = dl->leaving ? max(dl->leaving_at, when) : when;
        dl->leaving += e->bandwidth;
    }
    e->bandwidth = 0;
#else
    /* What t has reserved is lost for ever. When may another one have it, if t has just run all of its budget? */
    (void)rq, (void)t;
    lab_stub("5.5b", "admission_give");
#endif
}
