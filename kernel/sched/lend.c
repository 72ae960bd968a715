/* Priority inheritance across the classes (lend.h). Lock: pi_lock guards who lends what to whom, a run queue's lock what follows for the
   thread. */
#include "sched/lend.h"
#include "sched/change.h"
#include "sched/deadline.h"
#include "sched/mutex.h"

#define RT_MOST (RT_PRIORITIES - 1)

/* The deadline by which t has to go because others lend it one: the earliest of theirs, or its own; 0: nobody does. */
static u64 lent_deadline(const struct thread *t)
{
    const struct dl_entity *e = &t->se.dl;
    u64 own = e->lent ? e->own : e->deadline;

    if (max(t->inherited, class_level(t, 0)) < LEVEL_DEADLINE || !e->offer)
        return 0;
    return t->se.asked.policy == SCHED_DEADLINE && earlier(own, e->offer) ? own : e->offer;
}

/* What t asked for, or what is lent to it if that is more. */
static struct sched_params in_force(const struct thread *t)
{
    struct sched_params p = t->se.asked;

    if (t->inherited <= class_level(t, LEVEL_RT) || p.policy == SCHED_DEADLINE)
        return p;
    if (t->inherited <= LEVEL_RT) {
        p.policy = SCHED_OTHER;
        return p;
    }
    p = (struct sched_params){ .policy = p.policy == SCHED_RR ? SCHED_RR : SCHED_FIFO, .nice = p.nice, .reset_on_fork = p.reset_on_fork };
    if (lent_deadline(t))
        p.policy = SCHED_DEADLINE;
    else
        p.rt_priority = (u8)min(t->inherited - LEVEL_RT, RT_MOST);
    return p;
}

static bool same_rank(const struct sched_params *a, const struct sched_params *b)
{
    return a->policy == b->policy && a->rt_priority == b->rt_priority;
}

/* Whether t has to go by something else than it does. */
static bool out_of_date(const struct thread *t)
{
    const struct sched_params p = in_force(t);
    u64 due = lent_deadline(t);

    return due ? !t->se.dl.lent || t->se.dl.deadline != due : t->se.dl.lent || !same_rank(&p, &t->se.params);
}

bool class_lend(struct rq *rq, struct thread *t)
{
    const struct sched_params p = in_force(t);
    u64 due = lent_deadline(t);

    if (!out_of_date(t))
        return false;
    class_change(rq, t, &p, due || !same_rank(&p, &t->se.asked), due);
    return true;
}

void class_lend_stop(struct rq *rq, struct thread *t)
{
    struct sched_change change;

    if (!t->se.lent)
        return;
    change = sched_change_begin(rq, t, true);
    class_change(rq, t, &t->se.asked, false, 0);
    sched_change_end(&change, true);
}

void class_lend_again(struct rq *rq, struct thread *t)
{
    struct sched_change change;

    if (!out_of_date(t))
        return;
    change = sched_change_begin(rq, t, true);
    sched_change_end(&change, class_lend(rq, t));
}

/* --- deadlines ----------------------------------------------------------------------------------------------------------------------- */

/* t's offer has changed. What t inherits is not up to this: if it is a deadline, it is this one now. */
static void offered(struct thread *t)
{
    u64 flags = irq_save();
    struct rq *rq = thread_rq_lock(t);

    class_lend_again(rq, t);
    spin_unlock(&rq->lock);
    irq_restore(flags);
}

void deadline_offer(struct thread *me)
{
    u64 due = me->se.dl.deadline;

    if (me->class != &deadline_class)
        return;
    for (struct mutex *m = me->blocked_on; m && m->owner; m = m->owner->blocked_on) {
        u64 *offer = &m->owner->se.dl.offer;

        if (*offer && !earlier(due, *offer))
            return; /* and everybody behind it has as early a one already */
        *offer = due;
        offered(m->owner);
    }
}

/* Of those who wait for t's mutexes; 0 if none has a deadline. */
static u64 earliest_waiter(const struct thread *t)
{
    u64 earliest = 0;

    list_for_each(it, &t->held_mutexes) {
        struct mutex *m = list_entry(it, struct mutex, held_link);

        list_for_each(w, &m->waiters.waiters) {
            const struct thread *waiter = list_entry(w, struct thread, wait_link);

            if (waiter->class == &deadline_class && (!earliest || earlier(waiter->se.dl.deadline, earliest)))
                earliest = waiter->se.dl.deadline;
        }
    }
    return earliest;
}

void deadline_offers(struct thread *t)
{
    for (; t; t = t->blocked_on ? t->blocked_on->owner : NULL) {
        u64 earliest = earliest_waiter(t);

        if (earliest == t->se.dl.offer)
            return;
        t->se.dl.offer = earliest;
        offered(t);
    }
}
