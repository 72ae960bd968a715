/* The class table of deadline threads: the two trees, and when something happens to whom. What it is that happens is in edf.c and
   admission.c. Lock: the run queue's.

   A thread of the class that is ready stands in one of two trees: it has budget and may run, or is throttled and waits for budget. Those
   do not count in rq->nr_ready. Whoever is throttled while it runs makes room and goes there; whoever sleeps meanwhile finds out when it
   wakes. The end of a budget and the first replenishment are the class's events, for which the timer is set: a tick would be too late. */
#include "sched/deadline.h"
#include "base/assert.h"
#include "sched/smp.h"
#include "sched/timer.h"

/* Of two that wait for budget, who gets it first. */
static bool budget_before(const struct rb_node *a, const struct rb_node *b)
{
    const struct thread *ta = thread_of_dl(a), *tb = thread_of_dl(b);

    return ta->se.dl.replenish_at != tb->se.dl.replenish_at ? (s64)(ta->se.dl.replenish_at - tb->se.dl.replenish_at) < 0
                                                            : ready_before(ta, tb);
}

void deadline_rq_init(struct rq *rq)
{
    rq->classes.dl = (struct dl_rq){ 0 };
    rb_tree_init(&rq->classes.dl.ready, NULL);
    rb_tree_init(&rq->classes.dl.throttled, NULL);
}

/* --- throttled and replenished ------------------------------------------------------------------------------------------------------ */

/* t, which is ready and throttled, waits for budget. It is not counted in nr_ready. */
static void wait_for_budget(struct rq *rq, struct thread *t)
{
    t->se.dl.waits_for_budget = true;
    rb_insert(&rq->classes.dl.throttled, &t->se.dl.node, budget_before);
}

static void stop_waiting(struct rq *rq, struct thread *t)
{
    t->se.dl.waits_for_budget = false;
    rb_erase(&rq->classes.dl.throttled, &t->se.dl.node);
}

/* t's next period has begun. */
static void replenish(struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;
    bool waits = e->waits_for_budget;

    if (waits)
        stop_waiting(rq, t);
    e->throttled = false;
    edf_replenish(t, rq_now(rq));
    ASSERT(e->budget > 0, "edf_replenish: thread %d (%s) has a budget of %ld ns afterwards", t->tid, t->name, e->budget);
    if (waits) {
        rb_insert(&rq->classes.dl.ready, &e->node, deadline_before);
        smp_count_ready(rq);
    }
    if (unlikely(trace_on)) {
        sched_trace(TRACE_REPLENISH, rq, t, e->deadline);
        class_trace_entity(rq, t);
    }
    if (waits)
        sched_check_preempt(rq, t);
}

/* t has no budget left, or may not use it yet. If it is in a tree, it is the one of those who may run. */
static void throttle(struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    e->replenish_at = edf_next_period(t);
    e->throttled = true;
    if (rb_linked(&e->node)) {
        rb_erase(&rq->classes.dl.ready, &e->node);
        rq->nr_ready--;
        wait_for_budget(rq, t);
    }
    if (unlikely(trace_on))
        sched_trace(TRACE_THROTTLE, rq, t, e->replenish_at);
    if (t == rq->curr)
        resched(rq);
    if ((s64)(e->replenish_at - rq_now(rq)) <= 0)
        replenish(rq, t);
    classes_note_event(rq);
}

/* --- charging ---------------------------------------------------------------------------------------------------------------------- */

/* ns that t has run since it was charged last. */
static u64 uncharged(const struct rq *rq, const struct thread *t)
{
    return cycles_to_ns(thread_ran(rq, t)) - t->se.charged;
}

/* Returns whether t's budget is used up. */
static bool take_time(const struct rq *rq, struct thread *t)
{
    u64 delta = uncharged(rq, t);

    t->se.charged += delta;
    return !t->se.dl.lent && edf_charge(t, delta);
}

/* t is ready or runs: has its deadline passed? Each counts once. */
static void look_for_miss(const struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    if (e->lent || e->throttled || e->missed == e->deadline || (s64)(rq_now(rq) - e->deadline) <= 0)
        return;
    e->missed = e->deadline;
    if (unlikely(trace_on))
        sched_trace(TRACE_MISS, rq, t, e->deadline);
}

static void charge(struct rq *rq, struct thread *t)
{
    bool over = take_time(rq, t);

    look_for_miss(rq, t);
    if (over && !t->se.dl.throttled)
        throttle(rq, t);
}

/* t has done what it had to do in this period: it comes back in the next one. */
static void give_up_budget(struct rq *rq, struct thread *t)
{
    (void)take_time(rq, t);
    look_for_miss(rq, t);
    if (t->se.dl.lent)
        return;
    t->se.dl.budget = min(t->se.dl.budget, 0l);
    if (!t->se.dl.throttled)
        throttle(rq, t);
}

/* --- what is due at a time ---------------------------------------------------------------------------------------------------------- */

/* When the budget of t, which runs or is about to, ends. */
static u64 budget_end(const struct rq *rq, const struct thread *t)
{
    s64 left = t->se.dl.budget - (s64)uncharged(rq, t);

    return t->se.dl.lent ? ~0ul : rq_now(rq) + (u64)max(left, 0l);
}

u64 deadline_next_event(const struct rq *rq)
{
    const struct rb_node *first = rq->classes.dl.throttled.leftmost;
    const struct thread *t = rq->curr;
    u64 next = first ? thread_of_dl(first)->se.dl.replenish_at : ~0ul;

    if (t->class == &deadline_class)
        next = min(next, t->se.dl.throttled ? t->se.dl.replenish_at : budget_end(rq, t));
    return next;
}

/* t is about to run, or to run as a thread of this class: rq->curr may not say so yet. */
static void note_budget_end(struct rq *rq, const struct thread *t)
{
    u64 end = budget_end(rq, t);

    if (end >= rq->classes.next_event)
        return;
    rq->classes.next_event = end;
    timer_event_set(rq);
}

/* Who runs may be throttled already, and have had no chance yet to make room. */
static void running_event(struct rq *rq, struct thread *t, u64 now)
{
    struct dl_entity *e = &t->se.dl;

    if (e->throttled && e->replenish_at <= now)
        replenish(rq, t);
    else if (!e->lent && !e->throttled && e->budget <= (s64)uncharged(rq, t) && take_time(rq, t))
        throttle(rq, t);
}

void deadline_event(struct rq *rq, u64 now)
{
    const struct rb_node *first;

    if (rq->curr->class == &deadline_class)
        running_event(rq, rq->curr, now);
    while ((first = rq->classes.dl.throttled.leftmost) != NULL && thread_of_dl(first)->se.dl.replenish_at <= now)
        replenish(rq, thread_of_dl(first));
}

/* --- the class --------------------------------------------------------------------------------------------------------------------- */

/* t, which is throttled, slept through the time at which its budget came back: it has it now, and counts. */
static void replenish_late(struct rq *rq, struct thread *t)
{
    t->se.dl.throttled = false;
    edf_replenish(t, rq_now(rq));
    smp_count_ready(rq);
    if (unlikely(trace_on))
        sched_trace(TRACE_REPLENISH, rq, t, t->se.dl.deadline);
}

/* t has budget. */
static void join(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    bool too_early = why == ENQUEUE_WAKE && !t->se.dl.lent && edf_wake(t, rq_now(rq));

    rb_insert(&rq->classes.dl.ready, &t->se.dl.node, deadline_before);
    if (too_early)
        throttle(rq, t);
}

static void deadline_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    ASSERT(!rb_linked(&t->se.dl.node), "deadline: thread %d (%s) is in the run queue already", t->tid, t->name);
    if (why != ENQUEUE_CHANGED)
        t->since = rq->clock;
    if (why == ENQUEUE_WAKE && t->se.dl.throttled && (s64)(t->se.dl.replenish_at - rq_now(rq)) <= 0)
        replenish_late(rq, t);
    if (!t->se.dl.throttled) {
        join(rq, t, why);
    } else {
        wait_for_budget(rq, t);
        classes_note_event(rq);
    }
    if (why == ENQUEUE_YIELD)
        give_up_budget(rq, t);
}

static void deadline_dequeue(struct rq *rq, struct thread *t)
{
    if (t->se.dl.waits_for_budget)
        stop_waiting(rq, t);
    else
        rb_erase(&rq->classes.dl.ready, &t->se.dl.node);
}

static __attribute__((noinline)) struct thread *take_out(struct rq *rq, struct thread *t)
{
    rb_erase(&rq->classes.dl.ready, &t->se.dl.node);
    look_for_miss(rq, t);
    note_budget_end(rq, t);
    return t;
}

/* Each choice of any thread comes by here: most find nobody. */
static struct thread *deadline_pick(struct rq *rq)
{
    struct rb_node *first = rq->classes.dl.ready.leftmost;

    return first ? take_out(rq, thread_of_dl(first)) : NULL;
}

/* Whoever goes on under another class is not throttled any more, but what it has used counts for its 0-lag time. */
static void deadline_put_prev(struct rq *rq, struct thread *t)
{
    if (t->state == THREAD_RUNNING)
        (void)take_time(rq, t);
    else
        charge(rq, t);
    if (t->state == THREAD_ZOMBIE)
        deadline_unreserve(rq, t);
}

/* t comes from another class. */
static void begin(const struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    rb_node_init(&e->node);
    e->deadline = rq_now(rq) + t->se.params.deadline;
    e->budget = (s64)t->se.params.runtime;
    e->missed = 0;
    e->throttled = false;
    e->waits_for_budget = false;
}

void deadline_before_change(struct rq *rq, struct thread *t)
{
    if (take_time(rq, t) && !t->se.dl.throttled)
        throttle(rq, t);
}

void deadline_enters(struct rq *rq, struct thread *t, bool was_deadline)
{
    struct dl_entity *e = &t->se.dl;

    if (was_deadline)
        e->budget = min(e->budget, (s64)t->se.params.runtime);
    else
        begin(rq, t);
    if (t == rq->curr && !e->throttled)
        note_budget_end(rq, t);
}

/* What t has of its own waits until it comes back to it. */
static void lend_first(struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    if (t->se.asked.policy == SCHED_DEADLINE && t == rq->curr)
        charge(rq, t);
    if (t->se.asked.policy != SCHED_DEADLINE)
        rb_node_init(&e->node);
    e->lent = true;
    e->own = e->deadline;
    e->throttled = false;
}

static void lend_no_more(struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    if (t == rq->curr)
        (void)take_time(rq, t);
    e->lent = false;
    e->deadline = e->own;
}

void deadline_lent(struct rq *rq, struct thread *t, u64 due)
{
    struct dl_entity *e = &t->se.dl;

    if (!due) {
        lend_no_more(rq, t);
        return;
    }
    if (!e->lent)
        lend_first(rq, t);
    e->deadline = due;
}

void deadline_returns(struct rq *rq, struct thread *t)
{
    if (t->se.dl.budget <= 0)
        throttle(rq, t);
    else if (t == rq->curr)
        note_budget_end(rq, t);
}

void deadline_entity(const struct rq *rq, const struct thread *t, u64 arg[4])
{
    (void)rq;
    arg[1] = t->se.dl.deadline;
    arg[3] = t->se.dl.lent ? 0 : (u64)t->se.dl.budget;
}

/* A deadline thread belongs to its CPU, which has promised it: nobody steals it. */
const struct sched_class deadline_class = {
    .id = SCHED_CLASS_DEADLINE,
    .name = "deadline",
    .enqueue_task = deadline_enqueue,
    .dequeue_task = deadline_dequeue,
    .pick_next_task = deadline_pick,
    .put_prev_task = deadline_put_prev,
    .task_tick = charge,
    .check_preempt_curr = edf_check_preempt,
};
