/* A second solution of lab 5.2: the walk begins with the one that is due first of all and not at the root, and both the tick and a wake ask
   one function. */
#include "sched/fair.h"

u64 eevdf_vtime(struct rq *rq)
{
    struct fair_rq *queue = &rq->classes.fair;
    s64 weight = (s64)queue->weight, moved;

    if (!weight)
        return queue->zero;
    moved = queue->sum / weight;
    if (moved * weight > queue->sum) /* rounded up, as negative ones are */
        moved--;
    queue->zero += (u64)moved;
    queue->sum -= moved * weight;
    return queue->zero;
}

static bool beyond(u64 v, const struct fair_entity *e)
{
    return vtime_before(v, e->vruntime);
}

void eevdf_ran(struct rq *rq, struct fair_entity *e, u64 grown)
{
    rq->classes.fair.sum += (s64)(grown * e->weight);
    if (vtime_before(e->vruntime, e->deadline))
        return;
    e->protected = false;
    e->deadline = e->vruntime + eevdf_request(e);
}

bool eevdf_eligible(struct rq *rq, const struct fair_entity *e)
{
    return !beyond(eevdf_vtime(rq), e);
}

bool eevdf_due_before(const struct fair_entity *a, const struct fair_entity *b)
{
    s64 between = (s64)(b->deadline - a->deadline);

    if (between)
        return between > 0;
    return ready_before(container_of(a, struct thread, se.fair), container_of(b, struct thread, se.fair));
}

/* The lesser of v and the least of the part of the tree below this node, with it; the node may be missing. */
static u64 lesser(u64 v, struct rb_node *node)
{
    return node && vtime_before(fair_of(node)->least, v) ? fair_of(node)->least : v;
}

bool eevdf_summarize(struct rb_node *node)
{
    struct fair_entity *e = fair_of(node);
    u64 before = e->least;

    e->least = lesser(lesser(e->vruntime, node->left), node->right);
    return e->least != before;
}

/* Whether nobody of the part of the tree below this node, with it, is eligible at v. */
static bool in_vain(u64 v, struct rb_node *node)
{
    return !node || vtime_before(v, fair_of(node)->least);
}

/* From the one that is due first of all upwards, along the tree's left edge, past those that have had too much and below whom all others
   have, too; then down, to the first eligible one of the part that is not in vain. */
struct fair_entity *eevdf_first(struct rq *rq)
{
    u64 v = eevdf_vtime(rq);
    struct rb_node *node = rq->classes.fair.tree.leftmost;

    while (node && beyond(v, fair_of(node)) && in_vain(v, node->right))
        node = node->parent;
    while (node && beyond(v, fair_of(node))) {
        node = node->right;
        while (!in_vain(v, node->left))
            node = node->left;
    }
    return fair_of(node);
}

/* Whether e has to let `other` run, or anybody if that is NULL, whatever right e has. */
static bool gives_way(struct rq *rq, struct fair_entity *e, const struct fair_entity *other)
{
    struct fair_entity *first = eevdf_first(rq);

    if (!first || (other && first != other))
        return false;
    return !eevdf_eligible(rq, e) || !vtime_before(e->deadline, first->deadline);
}

/* e runs: it loses its right once it has had too much. */
static bool look_at_right(struct rq *rq, struct fair_entity *e)
{
    e->protected = e->protected && eevdf_eligible(rq, e);
    return e->protected;
}

void eevdf_tick(struct rq *rq, struct fair_entity *e)
{
    if (!look_at_right(rq, e) && gives_way(rq, e, NULL))
        resched(rq);
}

void eevdf_check_preempt(struct rq *rq, struct thread *t, struct fair_entity *e)
{
    bool kept = look_at_right(rq, e);

    if (kept && t->se.fair.slice >= e->slice)
        return;
    if (gives_way(rq, e, &t->se.fair))
        resched(rq);
}
