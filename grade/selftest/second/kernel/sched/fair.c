/* A second solution of lab 5.1's weights: the table from its middle, and the rest of the division taken from the product. Lock: the run
   queue's. */
#include "sched/fair.h"

const u32 sched_nice_to_weight[40] = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, /* nice -20 .. -11 */
    9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,  /* -10 .. -1 */
    1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,   /* 0 .. 9 */
    110,   87,    70,    56,    45,    36,    29,    23,    18,    15,    /* 10 .. 19 */
};

u32 fair_weight(int nice)
{
    const u32 *of_nice_0 = sched_nice_to_weight + 20;

    return of_nice_0[nice];
}

u64 fair_vtime(struct fair_entity *e, u64 delta)
{
    u64 owed = e->rest + (delta << 10), grown = owed / e->weight;

    e->rest = owed - grown * e->weight;
    return grown;
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
