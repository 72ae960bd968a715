/* The budgets of deadline threads (deadline.h): who has none is throttled, who gets some is replenished, and when that is. What a budget is
   and how it comes back is in edf.c. Lock: the run queue's.

   Whoever is throttled while it runs makes room and waits for budget; whoever sleeps meanwhile finds out when it wakes. The end of a budget
   and the first replenishment are the class's events, for which the timer is set: a tick would be too late. */
#include "base/assert.h"
#include "sched/deadline.h"
#include "sched/smp.h"
#include "sched/timer.h"

/* Of two that wait for budget, who gets it first. */
static bool budget_before(const struct rb_node *a, const struct rb_node *b)
{
    const struct thread *ta = thread_of_dl(a), *tb = thread_of_dl(b);

    return ta->se.dl.replenish_at != tb->se.dl.replenish_at ? earlier(ta->se.dl.replenish_at, tb->se.dl.replenish_at)
                                                            : ready_before(ta, tb);
}

/* --- throttled and replenished ------------------------------------------------------------------------------------------------------ */

void budget_wait(struct rq *rq, struct thread *t)
{
    t->se.dl.waits_for_budget = true;
    rb_insert(&rq->classes.dl.throttled, &t->se.dl.node, budget_before);
}

void budget_stop_waiting(struct rq *rq, struct thread *t)
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
        budget_stop_waiting(rq, t);
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

void budget_throttle(struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    e->replenish_at = edf_next_period(t);
    e->throttled = true;
    if (rb_linked(&e->node)) {
        rb_erase(&rq->classes.dl.ready, &e->node);
        rq->nr_ready--;
        budget_wait(rq, t);
    }
    if (unlikely(trace_on))
        sched_trace(TRACE_THROTTLE, rq, t, e->replenish_at);
    if (t == rq->curr)
        resched(rq);
    if (!earlier(rq_now(rq), e->replenish_at))
        replenish(rq, t);
    classes_note_event(rq);
}

/* --- charging ---------------------------------------------------------------------------------------------------------------------- */

/* ns that t has run since it was charged last. */
static u64 uncharged(const struct rq *rq, const struct thread *t)
{
    return cycles_to_ns(thread_ran(rq, t)) - t->se.charged;
}

bool budget_take_time(const struct rq *rq, struct thread *t)
{
    u64 delta = uncharged(rq, t);

    t->se.charged += delta;
    return !t->se.dl.lent && edf_charge(t, delta);
}

void deadline_look_for_miss(const struct rq *rq, struct thread *t)
{
    struct dl_entity *e = &t->se.dl;

    if (e->lent || e->throttled || e->missed == e->deadline || !earlier(e->deadline, rq_now(rq)))
        return;
    e->missed = e->deadline;
    if (unlikely(trace_on))
        sched_trace(TRACE_MISS, rq, t, e->deadline);
}

void budget_charge(struct rq *rq, struct thread *t)
{
    bool over = budget_take_time(rq, t);

    deadline_look_for_miss(rq, t);
    if (over && !t->se.dl.throttled)
        budget_throttle(rq, t);
}

void budget_give_up(struct rq *rq, struct thread *t)
{
    (void)budget_take_time(rq, t);
    deadline_look_for_miss(rq, t);
    if (t->se.dl.lent)
        return;
    t->se.dl.budget = min(t->se.dl.budget, 0l);
    if (!t->se.dl.throttled)
        budget_throttle(rq, t);
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

void budget_note_end(struct rq *rq, const struct thread *t)
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
    else if (!e->lent && !e->throttled && e->budget <= (s64)uncharged(rq, t) && budget_take_time(rq, t))
        budget_throttle(rq, t);
}

void deadline_event(struct rq *rq, u64 now)
{
    const struct rb_node *first;

    if (rq->curr->class == &deadline_class)
        running_event(rq, rq->curr, now);
    while ((first = rq->classes.dl.throttled.leftmost) != NULL && thread_of_dl(first)->se.dl.replenish_at <= now)
        replenish(rq, thread_of_dl(first));
}
