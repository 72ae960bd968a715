/* Queues of CFS and EEVDF for ktests (fair_case.h). */
#include "ktest/fair_case.h"
#include "ktest/due.h"

struct rq queue;
struct thread runs, member[MEMBERS], other;
u64 chance;

u64 makes_due(void (*function)(struct rq *rq, struct thread *t, struct fair_entity *e), struct thread *t, struct fair_entity *e)
{
    struct due before = due_begin(&queue);

    function(&queue, t, e);
    return due_end(&queue, before);
}

u64 tick_makes_due(void (*function)(struct rq *rq, struct fair_entity *e), struct fair_entity *e)
{
    struct due before = due_begin(&queue);

    function(&queue, e);
    return due_end(&queue, before);
}

void make(struct thread *t, tid_t tid, u64 around)
{
    *t = (struct thread){ .tid = tid, .class = normal_class, .since = below(3) };
    t->se.fair = (struct fair_entity){ .weight = sched_nice_to_weight[below(40)], .slice = SCHED_SLICE_NS,
                                       .vruntime = around + below(16 * MS) - 8 * MS };
    /* Half of the requests are long: the first of all has often had too much, and the first of the eligible is anywhere. */
    t->se.fair.deadline = t->se.fair.vruntime + below(4) * MS * (1 + 6 * below(2));
    if (below(2)) /* then some are due at the same time */
        t->se.fair.deadline = (t->se.fair.deadline / MS + 1) * MS;
    rb_node_init(&t->se.fair.node);
}

void count(struct fair_entity *e)
{
    e->member = true;
    queue.classes.fair.nr++;
    queue.classes.fair.weight += e->weight;
    queue.classes.fair.sum += (s64)(e->vruntime - queue.classes.fair.zero) * e->weight;
}

void insert(struct thread *t)
{
    struct rb_tree *tree = &queue.classes.fair.tree;

    rb_insert(tree, &t->se.fair.node, tree->summarize ? eevdf_before : cfs_before);
}

void tell(const struct thread *t)
{
    fact(FACT_NOTE, t->se.fair.weight, t->se.fair.vruntime);
    fact(FACT_NOTE, t->se.fair.deadline, t->since);
}

void fill(unsigned n, bool running, u64 around, bool (*summarize)(struct rb_node *node))
{
    queue = (struct rq){ .clock = 1000000, .curr = &runs, .cpu = this_cpu()->id };
    rb_tree_init(&queue.classes.fair.tree, summarize);
    queue.classes.fair.zero = around;
    fact(FACT_COUNT, n, running);
    for (unsigned i = 0; i < n; i++) {
        make(&member[i], (tid_t)i + 1, around);
        count(&member[i].se.fair);
        insert(&member[i]);
        tell(&member[i]);
    }
    make(&runs, 1000, around);
    if (!running)
        return;
    count(&runs.se.fair);
    tell(&runs);
}
