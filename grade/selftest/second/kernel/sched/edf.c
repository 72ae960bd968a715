/* A second solution of lab 5.5a: periods to be made up for are counted by a division, and a wake asks one question after the other. */
#include "sched/deadline.h"

/* How much later a is than b. */
static s64 after(u64 a, u64 b)
{
    return (s64)(a - b);
}

bool deadline_before(const struct rb_node *a, const struct rb_node *b)
{
    struct thread *ta = thread_of_dl(a), *tb = thread_of_dl(b);
    s64 between = after(tb->se.dl.deadline, ta->se.dl.deadline);

    return between ? between > 0 : ready_before(ta, tb);
}

void edf_check_preempt(struct rq *rq, struct thread *t)
{
    if (after(rq->curr->se.dl.deadline, t->se.dl.deadline) > 0)
        resched(rq);
}

bool edf_charge(struct thread *t, u64 delta)
{
    return (t->se.dl.budget -= (s64)delta) <= 0;
}

u64 edf_next_period(const struct thread *t)
{
    u64 began = t->se.dl.deadline - t->se.params.deadline;

    return began + deadline_period(&t->se.params);
}

static void period_from(struct thread *t, u64 begin)
{
    t->se.dl.budget = (s64)t->se.params.runtime;
    t->se.dl.deadline = begin + t->se.params.deadline;
}

void edf_replenish(struct thread *t, u64 now)
{
    struct dl_entity *dl = &t->se.dl;
    s64 runtime = (s64)t->se.params.runtime;

    if (dl->budget <= 0) {
        s64 periods = -dl->budget / runtime + 1;

        dl->budget += periods * runtime;
        dl->deadline += (u64)periods * deadline_period(&t->se.params);
    }
    if (after(now, dl->deadline) > 0)
        period_from(t, now);
}

/* Whether t's budget fits between now and its deadline, which is not past, at its bandwidth. */
static bool fits(const struct thread *t, u64 now)
{
    u64 left = t->se.dl.deadline - now, budget = (u64)t->se.dl.budget;

    return (unsigned __int128)budget * t->se.params.deadline <= (unsigned __int128)left * t->se.params.runtime;
}

bool edf_wake(struct thread *t, u64 now)
{
    s64 past = after(now, t->se.dl.deadline);
    bool short_deadline = t->se.params.deadline < deadline_period(&t->se.params);

    if (short_deadline && past >= 0 && after(edf_next_period(t), now) > 0) {
        t->se.dl.budget = 0;
        return true;
    }
    if (past > 0 || !fits(t, now))
        period_from(t, now);
    return false;
}
