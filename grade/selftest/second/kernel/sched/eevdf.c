/* A second solution of lab 5.2: whoever is compared may be missing, so the summary, the walk and the choice between who waits and who runs
   are made of one function. */
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

/* Who of the two is due first; each may be missing. */
static struct fair_entity *sooner(struct fair_entity *a, struct fair_entity *b)
{
    if (!a || !b)
        return a ? a : b;
    return eevdf_due_before(a, b) ? a : b;
}

/* Who of the part of the tree below this node, with it, is due first. */
static struct fair_entity *soonest_in(struct rb_node *node)
{
    return node ? fair_of(node)->first : NULL;
}

bool eevdf_summarize(struct rb_node *node)
{
    struct fair_entity *e = fair_of(node), *before = e->first;

    e->first = sooner(e, sooner(soonest_in(node->left), soonest_in(node->right)));
    return e->first != before;
}

struct fair_entity *eevdf_first(struct rq *rq)
{
    u64 v = eevdf_vtime(rq);
    struct fair_entity *best = NULL;
    struct rb_node *node = rq->classes.fair.tree.root;

    while (node) {
        if (beyond(v, fair_of(node))) {
            node = node->left;
        } else {
            best = sooner(best, sooner(fair_of(node), soonest_in(node->left)));
            node = node->right;
        }
    }
    return best;
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
