/* Weights and accounting, which CFS and EEVDF share (fair.h). Lock: the run queue's. */
#include "sched/fair.h"
#include "base/lab.h"

const u32 sched_nice_to_weight[40] = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, /* nice -20 .. -11 */
    9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,  /* -10 .. -1 */
    1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,   /* 0 .. 9 */
    110,   87,    70,    56,    45,    36,    29,    23,    18,    15,    /* 10 .. 19 */
};

u32 fair_weight(int nice)
{
#if SOLVED >= 501
    return sched_nice_to_weight[nice + 20];
#else
    /* sched_nice_to_weight[] begins with nice -20. */
    (void)nice;
    lab_stub("5.1", "fair_weight");
    return NICE_0_WEIGHT;
#endif
}

u64 fair_vtime(struct fair_entity *e, u64 delta)
{
#if SOLVED >= 501
    u64 x = delta * NICE_0_WEIGHT + e->rest;

    e->rest = x % e->weight;
    return x / e->weight;
#else
    /* A thread of nice -20 that is charged 50 ns at a time: how often until its vruntime moves? */
    lab_stub("5.1", "fair_vtime");
    (void)e;
    return delta;
#endif
}

u64 fair_account(struct rq *rq, struct fair_entity *e)
{
    struct thread *t = thread_of_fair(e);
    u64 delta = cycles_to_ns(thread_ran(rq, t)) - t->se.charged, grown = fair_vtime(e, delta);

    t->se.charged += delta;
    e->vruntime += grown;
    return grown;
}

u64 fair_slice(const struct sched_params *p)
{
    return p->runtime ? min(max(p->runtime, SCHED_MIN_GRANULARITY_NS), SCHED_MAX_SLICE_NS) : SCHED_SLICE_NS;
}

void fair_params(struct thread *t)
{
    t->se.fair.weight = fair_weight(t->se.params.nice);
    t->se.fair.slice = fair_slice(&t->se.params);
}
