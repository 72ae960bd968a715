/* What the policies of phase 2 share, and their class tables: putting threads into the queues and taking them out. What a policy decides
   is in prio.c, ageing.c, mlfq.c and sjf.c. Lock: the run queue's. */
#include "sched/policies.h"
#include "base/assert.h"
#include "sched/preempt.h"
#include "sched/smp.h"
#include "sched/wait.h"

struct policy_numbers policy;

void policies_init(struct rq *rq)
{
    for (unsigned i = 0; i < PRIO_LEVELS; i++)
        list_init(&rq->prio.level[i]);
    rq->prio.nonempty = 0;
    for (unsigned i = 0; i < MLFQ_LEVELS; i++)
        list_init(&rq->mlfq.level[i]);
    rb_tree_init(&rq->sjf.tree, NULL);
}

static inline struct thread *thread_of(struct list *link)
{
    return list_entry(link, struct thread, run_link);
}

void queue_in_order(struct list *list, struct thread *t)
{
    struct list *after = list;

    if (!list_empty(list) && ready_before(t, thread_of(list->next))) {
        list_push_head(list, &t->run_link);
        return;
    }
    while (after->prev != list && ready_before(t, thread_of(after->prev)))
        after = after->prev;
    list_insert_between(&t->run_link, after->prev, after);
}

/* --- priority scheduling --------------------------------------------------------------------------------------------------------- */

static void prio_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    int level = thread_effective(t);

    prio_place(rq, t, why);
    t->prio.level = (u8)level;
    queue_in_order(&rq->prio.level[level], t);
    rq->prio.nonempty |= 1ul << level;
}

static void prio_dequeue(struct rq *rq, struct thread *t)
{
    list_remove(&t->run_link);
    if (list_empty(&rq->prio.level[t->prio.level]))
        rq->prio.nonempty &= ~(1ul << t->prio.level);
}

static struct thread *prio_pick(struct rq *rq)
{
    struct thread *t = prio_first(rq);

    if (t)
        prio_dequeue(rq, t);
    return t;
}

const struct sched_class prio_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "prio",
    .enqueue_task = prio_enqueue,
    .dequeue_task = prio_dequeue,
    .pick_next_task = prio_pick,
    .task_tick = prio_tick,
    .check_preempt_curr = prio_check_preempt,
    SMP_STEAL(prio_steal)
};

/* --- multi-level feedback queue -------------------------------------------------------------------------------------------------- */

static void mlfq_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    mlfq_place(rq, t, why);
    ASSERT(t->mlfq.level < MLFQ_LEVELS, "mlfq_place: thread %d (%s) is at level %u; the last level is %u", t->tid, t->name, t->mlfq.level,
           MLFQ_LEVELS - 1);
    queue_in_order(&rq->mlfq.level[t->mlfq.level], t);
}

static void mlfq_dequeue(struct rq *rq, struct thread *t)
{
    (void)rq; /* a circular list needs no head to be left */
    list_remove(&t->run_link);
}

static struct thread *mlfq_pick(struct rq *rq)
{
    struct thread *t = mlfq_first(rq);

    if (t) {
        list_remove(&t->run_link);
        mlfq_catch_up(rq, t); /* from here on its time counts */
    }
    return t;
}

const struct sched_class mlfq_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "mlfq",
    .enqueue_task = mlfq_enqueue,
    .dequeue_task = mlfq_dequeue,
    .pick_next_task = mlfq_pick,
    .task_tick = mlfq_tick,
    .check_preempt_curr = mlfq_check_preempt,
    SMP_STEAL(mlfq_steal)
};

/* --- shortest job first ---------------------------------------------------------------------------------------------------------- */

/* What a thread that was not looked at before has to begin with. */
static void sjf_begin(struct thread *t)
{
    if (t->sjf.tau)
        return;
    t->sjf.tau = sjf_first_guess(t);
    rb_node_init(&t->sjf.node);
}

/* Nobody is preempted inside the class: whoever lost the CPU to another class, or for a moment, goes on before all others. */
static void sjf_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    sjf_begin(t);
    if (why == ENQUEUE_PREEMPTED)
        t->sjf.key = 0;
    else if (why != ENQUEUE_CHANGED)
        t->sjf.key = t->sjf.tau;
    if (why != ENQUEUE_CHANGED && why != ENQUEUE_PREEMPTED)
        t->since = rq->clock;
    ASSERT(!rb_linked(&t->sjf.node), "sjf: thread %d (%s) is in the run queue already", t->tid, t->name);
    rb_insert(&rq->sjf.tree, &t->sjf.node, sjf_before);
}

static void sjf_dequeue(struct rq *rq, struct thread *t)
{
    rb_erase(&rq->sjf.tree, &t->sjf.node);
}

static struct thread *sjf_pick(struct rq *rq)
{
    struct rb_node *first = rq->sjf.tree.leftmost;

    if (!first)
        return NULL;
    rb_erase(&rq->sjf.tree, first);
    return rb_entry(first, struct thread, sjf.node);
}

/* A wait ends a burst; losing the CPU, or standing still for somebody else's sake, does not. */
static void sjf_put_prev(struct rq *rq, struct thread *t)
{
    if (t->state != THREAD_BLOCKED)
        return;
    sjf_begin(t);
    sjf_burst_ended(rq, t);
}

const struct sched_class sjf_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "sjf",
    .enqueue_task = sjf_enqueue,
    .dequeue_task = sjf_dequeue,
    .pick_next_task = sjf_pick,
    .put_prev_task = sjf_put_prev,
    SMP_STEAL(sjf_steal)
};
