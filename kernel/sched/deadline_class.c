/* The class table of deadline threads: the two trees, and what becomes of a thread that comes, goes or is lent a deadline. What is decided
   is in edf.c and admission.c, when a budget ends or comes back in budget.c. Lock: the run queue's.

   A thread of the class that is ready stands in one of two trees: it has budget and may run, or is throttled and waits for budget. Those
   do not count in rq->nr_ready. */
#include "sched/deadline.h"
#include "base/assert.h"
#include "sched/smp.h"

void deadline_rq_init(struct rq *rq)
{
    rq->classes.dl = (struct dl_rq){ 0 };
    rb_tree_init(&rq->classes.dl.ready, NULL);
    rb_tree_init(&rq->classes.dl.throttled, NULL);
}

/* --- the queue ------------------------------------------------------------------------------------------------------------------------ */

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
        budget_throttle(rq, t);
}

static void deadline_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    ASSERT(!rb_linked(&t->se.dl.node), "deadline: thread %d (%s) is in the run queue already", t->tid, t->name);
    if (why != ENQUEUE_CHANGED)
        t->since = rq->clock;
    if (why == ENQUEUE_WAKE && t->se.dl.throttled && !earlier(rq_now(rq), t->se.dl.replenish_at))
        replenish_late(rq, t);
    if (!t->se.dl.throttled) {
        join(rq, t, why);
    } else {
        budget_wait(rq, t);
        classes_note_event(rq);
    }
    if (why == ENQUEUE_YIELD)
        budget_give_up(rq, t);
}

static void deadline_dequeue(struct rq *rq, struct thread *t)
{
    if (t->se.dl.waits_for_budget)
        budget_stop_waiting(rq, t);
    else
        rb_erase(&rq->classes.dl.ready, &t->se.dl.node);
}

static __attribute__((noinline)) struct thread *take_out(struct rq *rq, struct thread *t)
{
    rb_erase(&rq->classes.dl.ready, &t->se.dl.node);
    deadline_look_for_miss(rq, t);
    budget_note_end(rq, t);
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
        (void)budget_take_time(rq, t);
    else
        budget_charge(rq, t);
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
    if (budget_take_time(rq, t) && !t->se.dl.throttled)
        budget_throttle(rq, t);
}

void deadline_enters(struct rq *rq, struct thread *t, bool was_deadline)
{
    struct dl_entity *e = &t->se.dl;

    if (was_deadline)
        e->budget = min(e->budget, (s64)t->se.params.runtime);
    else
        begin(rq, t);
    if (t == rq->curr && !e->throttled)
        budget_note_end(rq, t);
}

void deadline_entity(const struct rq *rq, const struct thread *t, u64 arg[4])
{
    (void)rq;
    arg[1] = t->se.dl.deadline;
    arg[3] = t->se.dl.lent ? 0 : (u64)t->se.dl.budget;
}

/* --- lent deadlines ------------------------------------------------------------------------------------------------------------------- */

/* What t has of its own waits until it comes back to it. */
static void lend_first(struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    if (t->se.asked.policy == SCHED_DEADLINE && t == rq->curr)
        budget_charge(rq, t);
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
        (void)budget_take_time(rq, t);
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
        budget_throttle(rq, t);
    else if (t == rq->curr)
        budget_note_end(rq, t);
}

/* --- the class ------------------------------------------------------------------------------------------------------------------------ */

/* A deadline thread belongs to its CPU, which has promised it: nobody steals it. */
const struct sched_class deadline_class = {
    .id = SCHED_CLASS_DEADLINE,
    .name = "deadline",
    .enqueue_task = deadline_enqueue,
    .dequeue_task = deadline_dequeue,
    .pick_next_task = deadline_pick,
    .put_prev_task = deadline_put_prev,
    .task_tick = budget_charge,
    .check_preempt_curr = edf_check_preempt,
};
