/* EEVDF, earliest eligible virtual deadline first (Stoica and Abdel-Wahab 1995): lab 5.2. Each thread asks for the CPU in requests of its
   slice. It is eligible while it has had no more than its share, and of the eligible the one runs whose request is due first: so a short
   slice brings an early answer, and no larger share. Lock: the run queue's.

   The queue's virtual time V is the mean of the members' vruntimes v, each counted by its weight w: V = zero + floor(S / W) with
   S = sum of (v - zero) w and W = sum of w. Both sums are kept; zero follows V, so that S stays small. */
#include "sched/fair.h"
#include "base/lab.h"

u64 eevdf_vtime(struct rq *rq)
{
#if SOLVED >= 502
    struct fair_rq *fair = &rq->classes.fair;
    s64 weight = (s64)fair->weight, mean;

    if ((u64)fair->sum < fair->weight || !weight)
        return fair->zero;
    mean = fair->sum / weight - (fair->sum % weight < 0); /* rounded down, or somebody beyond the mean would be eligible */
    fair->zero += (u64)mean;
    fair->sum -= mean * weight;
    return fair->zero;
#else
    /* C's division rounds towards 0. S may be negative: what if V is rounded up then? */
    lab_stub("5.2", "eevdf_vtime");
    return rq->classes.fair.zero;
#endif
}

void eevdf_ran(struct rq *rq, struct fair_entity *e, u64 grown)
{
#if SOLVED >= 502
    rq->classes.fair.sum += (s64)grown * e->weight;
    if (vtime_before(e->vruntime, e->deadline))
        return;
    e->deadline = e->vruntime + eevdf_request(e);
    e->protected = false;
#else
    /* e is a member while it runs, too. Its next request begins where it is now; with the last one ends its right to run on
       (e->protected). */
    (void)rq, (void)e, (void)grown;
    lab_stub("5.2", "eevdf_ran");
#endif
}

bool eevdf_eligible(struct rq *rq, const struct fair_entity *e)
{
#if SOLVED >= 502
    return !vtime_before(eevdf_vtime(rq), e->vruntime);
#else
    (void)rq, (void)e;
    lab_stub("5.2", "eevdf_eligible");
    return true;
#endif
}

bool eevdf_due_before(const struct fair_entity *a, const struct fair_entity *b)
{
#if SOLVED >= 502
    if (a->deadline != b->deadline)
        return vtime_before(a->deadline, b->deadline);
    return ready_before(container_of(a, const struct thread, se.fair), container_of(b, const struct thread, se.fair));
#else
    /* And of two that are due at the same time? (ready_before()) */
    (void)a, (void)b;
    lab_stub("5.2", "eevdf_due_before");
    return false;
#endif
}

bool eevdf_summarize(struct rb_node *node)
{
#if SOLVED >= 502
    struct fair_entity *e = fair_of(node);
    const struct fair_entity *left = fair_of(node->left), *right = fair_of(node->right);
    u64 before = e->least, least = e->vruntime;

    if (left && vtime_before(left->least, least))
        least = left->least;
    if (right && vtime_before(right->least, least))
        least = right->least;
    e->least = least;
    return least != before;
#else
    /* The tree calls this for each node whose children have changed, from below. */
    lab_stub("5.2", "eevdf_summarize");
    fair_of(node)->least = fair_of(node)->vruntime;
    return true;
#endif
}

/* Whether somebody is eligible at this node (NULL: there is none) or below it: vtime is the queue's virtual time. */
static inline bool has_eligible(struct rb_node *node, u64 vtime)
{
#if SOLVED >= 502
    return node && !vtime_before(vtime, fair_of(node)->least);
#else
    /* What does a node know of those below it? */
    (void)node, (void)vtime;
    return false;
#endif
}

struct fair_entity *eevdf_first(struct rq *rq)
{
#if SOLVED >= 502
    u64 vtime = eevdf_vtime(rq);
    struct rb_node *node = rq->classes.fair.tree.root;

    if (!has_eligible(node, vtime))
        return NULL;
    for (;;) {
        /* At node and below it somebody is eligible. */
        if (has_eligible(node->left, vtime))
            node = node->left;
        else if (!vtime_before(vtime, fair_of(node)->vruntime))
            return fair_of(node);
        else
            node = node->right;
    }
#else
    /* The tree is ordered by eevdf_due_before(): who stands to the left of a node is due before it, who stands to its right after it. */
    lab_stub("5.2", "eevdf_first");
    return fair_of(rq->classes.fair.tree.leftmost);
#endif
}

/* Whether e, which runs, may go on though another one is due before it: it was picked for a request that is not served yet, and has not had
   more than its share. Once it may not, it has to be picked again first. */
static inline bool is_protected(struct rq *rq, struct fair_entity *e)
{
#if SOLVED >= 502
    e->protected = e->protected && eevdf_eligible(rq, e);
    return e->protected;
#else
    (void)rq, (void)e;
    return false;
#endif
}

/* Of those who wait and e, which runs, the one that is eligible and due first; if both are due at the same time, not e. */
static inline struct fair_entity *first_or(struct rq *rq, struct fair_entity *e)
{
#if SOLVED >= 502
    struct fair_entity *first = eevdf_first(rq);

    return !first || (eevdf_eligible(rq, e) && vtime_before(e->deadline, first->deadline)) ? e : first;
#else
    (void)rq;
    return e;
#endif
}

void eevdf_tick(struct rq *rq, struct fair_entity *e)
{
#if SOLVED >= 502
    if (!is_protected(rq, e) && first_or(rq, e) != e)
        resched(rq);
#else
    /* A policy does not switch: resched(). */
    (void)e;
    lab_stub("5.2", "eevdf_tick");
    resched(rq);
#endif
}

void eevdf_check_preempt(struct rq *rq, struct thread *t, struct fair_entity *e)
{
#if SOLVED >= 502
    if (is_protected(rq, e) && t->se.fair.slice >= e->slice)
        return;
    if (first_or(rq, e) == &t->se.fair)
        resched(rq);
#else
    /* Who runs has a right to serve its request, but whoever asks for less at a time does so to be answered soon. */
    (void)rq, (void)t, (void)e;
    lab_stub("5.2", "eevdf_check_preempt");
#endif
}
