/* The class tables of CFS and EEVDF: who is a member, and what is charged when. What the two decide is in cfs.c, eevdf.c and
   eevdf_place.c. Whoever reads a queue's virtual time charges its running thread first. Lock: the run queue's. */
#include "sched/fair.h"
#include "base/assert.h"
#include "sched/smp.h"

/* --- what they share --------------------------------------------------------------------------------------------------------------- */

static void count_member(struct rq *rq, struct fair_entity *e)
{
    e->member = true;
    rq->classes.fair.nr++;
    rq->classes.fair.weight += e->weight;
}

static void uncount_member(struct rq *rq, struct fair_entity *e)
{
    e->member = false;
    rq->classes.fair.nr--;
    rq->classes.fair.weight -= e->weight;
}

static inline void insert(struct rq *rq, struct thread *t, enum enqueue_why why, rb_before *before)
{
    struct fair_entity *e = &t->se.fair;

    ASSERT(!rb_linked(&e->node), "fair: thread %d (%s) is in the run queue already", t->tid, t->name);
    e->newcomer = false;
    if (why != ENQUEUE_CHANGED)
        t->since = rq->clock;
    rb_insert(&rq->classes.fair.tree, &e->node, before);
}

/* Whether t, which stops running, stays a member: it has been put back into the tree, and was charged then. */
static bool stays(const struct thread *t)
{
    return rb_linked(&t->se.fair.node);
}

/* --- EEVDF ------------------------------------------------------------------------------------------------------------------------- */

bool eevdf_before(const struct rb_node *a, const struct rb_node *b)
{
    return eevdf_due_before(rb_entry(a, struct fair_entity, node), rb_entry(b, struct fair_entity, node));
}

static struct fair_entity *eevdf_charge(struct rq *rq)
{
    struct fair_entity *e = fair_running(rq);

    if (e)
        eevdf_ran(rq, e, fair_account(rq, e));
    return e;
}

static void eevdf_join(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    struct fair_entity *e = &t->se.fair;

    eevdf_place(rq, t, why);
    count_member(rq, e);
    rq->classes.fair.sum += (s64)(e->vruntime - rq->classes.fair.zero) * e->weight;
}

static void eevdf_leave(struct rq *rq, struct fair_entity *e)
{
    eevdf_keep_lag(rq, e);
    rq->classes.fair.sum -= (s64)(e->vruntime - rq->classes.fair.zero) * e->weight;
    uncount_member(rq, e);
}

static void eevdf_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    rq->classes.fair.tree.summarize = eevdf_summarize;
    eevdf_charge(rq);
    if (!t->se.fair.member)
        eevdf_join(rq, t, why);
    else if (why == ENQUEUE_YIELD)
        eevdf_yield(&t->se.fair);
    insert(rq, t, why, eevdf_before);
}

static void eevdf_dequeue(struct rq *rq, struct thread *t)
{
    eevdf_charge(rq);
    rb_erase(&rq->classes.fair.tree, &t->se.fair.node);
    eevdf_leave(rq, &t->se.fair);
}

static struct thread *eevdf_pick(struct rq *rq)
{
    struct fair_entity *e = eevdf_first(rq);

    if (!e)
        return NULL;
    rb_erase(&rq->classes.fair.tree, &e->node);
    e->protected = true;
    return thread_of_fair(e);
}

static void eevdf_put_prev(struct rq *rq, struct thread *t)
{
    t->se.fair.protected = false;
    if (stays(t))
        return;
    eevdf_charge(rq);
    eevdf_leave(rq, &t->se.fair);
}

static void eevdf_set_curr(struct rq *rq, struct thread *t)
{
    eevdf_join(rq, t, ENQUEUE_CHANGED);
    t->se.fair.newcomer = false;
}

static void eevdf_task_tick(struct rq *rq, struct thread *t)
{
    (void)t;
    eevdf_tick(rq, eevdf_charge(rq));
}

static void eevdf_preempt(struct rq *rq, struct thread *t)
{
    eevdf_check_preempt(rq, t, fair_running(rq));
}

/* t->se.params says what it has from now on. */
static void eevdf_set_nice(struct rq *rq, struct thread *t, int nice)
{
    struct fair_entity *e = &t->se.fair;
    u64 slice = fair_slice(&t->se.params);
    bool queued = rb_linked(&e->node);

    eevdf_charge(rq);
    if (queued)
        rb_erase(&rq->classes.fair.tree, &e->node);
    eevdf_reweight(rq, e, fair_weight(nice));
    if (slice != e->slice) {
        e->slice = slice;
        e->deadline = e->vruntime + eevdf_request(e);
        e->ahead = (s64)eevdf_request(e);
    }
    if (queued)
        rb_insert(&rq->classes.fair.tree, &e->node, eevdf_before);
}

const struct sched_class eevdf_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "eevdf",
    .enqueue_task = eevdf_enqueue,
    .dequeue_task = eevdf_dequeue,
    .pick_next_task = eevdf_pick,
    .put_prev_task = eevdf_put_prev,
    .set_curr_task = eevdf_set_curr,
    .task_tick = eevdf_task_tick,
    .set_nice = eevdf_set_nice,
    .check_preempt_curr = eevdf_preempt,
    SMP_STEAL(fair_steal)
};

/* --- CFS --------------------------------------------------------------------------------------------------------------------------- */

bool cfs_before(const struct rb_node *a, const struct rb_node *b)
{
    struct fair_entity *ea = rb_entry(a, struct fair_entity, node), *eb = rb_entry(b, struct fair_entity, node);

    if (ea->vruntime != eb->vruntime)
        return vtime_before(ea->vruntime, eb->vruntime);
    return ready_before(thread_of_fair(ea), thread_of_fair(eb));
}

static struct fair_entity *cfs_charge(struct rq *rq)
{
    struct fair_entity *e = fair_running(rq);

    if (e) {
        (void)fair_account(rq, e);
        cfs_update_min(rq);
    }
    return e;
}

u64 class_arrives(struct rq *rq, struct thread *t)
{
    struct fair_entity *e = &t->se.fair;
    u64 left;

    if (t->class != &cfs_class || e->newcomer || e->cpu == rq->cpu)
        return 0;
    cfs_charge(rq);
    left = __atomic_load_n(&run_queues[e->cpu].classes.fair.min_vruntime, __ATOMIC_RELAXED); /* that CPU may go on meanwhile */
    e->vruntime += rq->classes.fair.min_vruntime - left;
    e->cpu = rq->cpu;
    return left;
}

static void cfs_join(struct rq *rq, struct thread *t)
{
    struct fair_entity *e = &t->se.fair;

    if (e->newcomer) {
        e->vruntime = rq->classes.fair.min_vruntime;
        e->cpu = rq->cpu;
    }
    (void)class_arrives(rq, t);
    count_member(rq, e);
}

static void cfs_leave(struct rq *rq, struct fair_entity *e)
{
    uncount_member(rq, e);
    cfs_update_min(rq);
}

static void cfs_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    rq->classes.fair.tree.summarize = NULL;
    cfs_charge(rq);
    if (!t->se.fair.member)
        cfs_join(rq, t);
    cfs_place(rq, t, why);
    insert(rq, t, why, cfs_before);
}

static void cfs_dequeue(struct rq *rq, struct thread *t)
{
    cfs_charge(rq);
    rb_erase(&rq->classes.fair.tree, &t->se.fair.node);
    cfs_leave(rq, &t->se.fair);
}

static struct thread *cfs_pick(struct rq *rq)
{
    struct fair_entity *e = cfs_first(rq);
    struct thread *t;

    if (!e)
        return NULL;
    t = thread_of_fair(e);
    rb_erase(&rq->classes.fair.tree, &e->node);
    e->picked_at = t->se.charged;
    return t;
}

static void cfs_put_prev(struct rq *rq, struct thread *t)
{
    cfs_charge(rq); /* in any case: who was put back counts for min_vruntime where it stands now */
    if (!stays(t))
        cfs_leave(rq, &t->se.fair);
}

static void cfs_set_curr(struct rq *rq, struct thread *t)
{
    cfs_charge(rq);
    cfs_join(rq, t);
    t->se.fair.newcomer = false;
    t->se.fair.picked_at = t->se.charged;
}

static void cfs_task_tick(struct rq *rq, struct thread *t)
{
    (void)t;
    cfs_tick(rq, cfs_charge(rq));
}

static void cfs_preempt(struct rq *rq, struct thread *t)
{
    cfs_check_preempt(rq, t, fair_running(rq));
}

static void cfs_set_nice(struct rq *rq, struct thread *t, int nice)
{
    struct fair_entity *e = &t->se.fair;
    u32 weight = fair_weight(nice);

    cfs_charge(rq);
    if (e->member)
        rq->classes.fair.weight += (u64)weight - e->weight;
    e->weight = weight;
    e->slice = fair_slice(&t->se.params);
}

const struct sched_class cfs_class = {
    .id = SCHED_CLASS_NORMAL,
    .name = "cfs",
    .enqueue_task = cfs_enqueue,
    .dequeue_task = cfs_dequeue,
    .pick_next_task = cfs_pick,
    .put_prev_task = cfs_put_prev,
    .set_curr_task = cfs_set_curr,
    .task_tick = cfs_task_tick,
    .set_nice = cfs_set_nice,
    .check_preempt_curr = cfs_preempt,
    SMP_STEAL(fair_steal)
};

/* --- for the trace ----------------------------------------------------------------------------------------------------------------- */

void fair_entity(struct rq *rq, const struct thread *t, u64 arg[4])
{
    const struct fair_entity *e = &t->se.fair;
    u64 weight = e->weight;

    arg[0] = e->vruntime;
    if (t->class == &eevdf_class) {
        arg[1] = e->deadline;
        arg[2] = (u64)scale((s64)(eevdf_vtime(rq) - e->vruntime), weight, NICE_0_WEIGHT);
        arg[3] = (u64)scale((s64)(e->deadline - e->vruntime), weight, NICE_0_WEIGHT);
    } else {
        arg[1] = rq->classes.fair.min_vruntime;
        arg[3] = t == rq->curr && !rb_linked(&e->node) ? t->se.charged - e->picked_at : 0;
    }
}
