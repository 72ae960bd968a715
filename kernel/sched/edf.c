/* Earliest deadline first, and the constant bandwidth server: lab 5.5a. The run queue's lock is held, interrupts are off.

   EDF alone meets every deadline that can be met, but when one thread runs longer than it said, any other may miss its own. The server
   sees to it that nobody gets more than Q of each P: whoever has used that up waits. That holds only if a thread cannot get budget by
   sleeping: what it left unused in the past is not there any more when it wakes (edf_wake()). */
#include "base/lab.h"
#include "sched/deadline.h"

bool deadline_before(const struct rb_node *a, const struct rb_node *b)
{
#if SOLVED >= 505
    const struct thread *ta = thread_of_dl(a), *tb = thread_of_dl(b);

    return ta->se.dl.deadline != tb->se.dl.deadline ? earlier(ta->se.dl.deadline, tb->se.dl.deadline) : ready_before(ta, tb);
#else
    /* In the order of arrival, as if nobody had a deadline. */
    lab_stub("5.5a", "deadline_before");
    return ready_before(thread_of_dl(a), thread_of_dl(b));
#endif
}

void edf_check_preempt(struct rq *rq, struct thread *t)
{
#if SOLVED >= 505
    if (earlier(t->se.dl.deadline, rq->curr->se.dl.deadline))
        resched(rq);
#else
    /* Whoever is due first, runs: also if the other one runs already. */
    (void)rq, (void)t;
    lab_stub("5.5a", "edf_check_preempt");
#endif
}

bool edf_charge(struct thread *t, u64 delta)
{
#if SOLVED >= 505
    t->se.dl.budget -= (s64)delta;
    return t->se.dl.budget <= 0;
#else
    /* This is a budget without an end. */
    (void)t, (void)delta;
    lab_stub("5.5a", "edf_charge");
    return false;
#endif
}

u64 edf_next_period(const struct thread *t)
{
#if SOLVED >= 505
    return t->se.dl.deadline - t->se.params.deadline + deadline_period(&t->se.params);
#else
    /* Right if the deadline is the end of the period. When did the present period begin? */
    lab_stub("5.5a", "edf_next_period");
    return t->se.dl.deadline;
#endif
}

/* A period of t begins now. */
static inline void begin_anew(struct thread *t, u64 now)
{
#if SOLVED >= 505
    t->se.dl.deadline = now + t->se.params.deadline;
    t->se.dl.budget = (s64)t->se.params.runtime;
#else
    /* Deadline and budget. */
    (void)t, (void)now;
#endif
}

void edf_replenish(struct thread *t, u64 now)
{
#if SOLVED >= 505
    struct dl_entity *e = &t->se.dl;

    while (e->budget <= 0) {
        e->deadline += deadline_period(&t->se.params);
        e->budget += (s64)t->se.params.runtime;
    }
    if (earlier(e->deadline, now))
        begin_anew(t, now);
#else
    /* It gets its budget back and is still due when it was: so it comes before all who keep their promise. And if it had run more than its
       budget? */
    (void)now;
    lab_stub("5.5a", "edf_replenish");
    t->se.dl.budget = (s64)t->se.params.runtime;
#endif
}

bool edf_wake(struct thread *t, u64 now)
{
#if SOLVED >= 505
    const struct sched_params *p = &t->se.params;
    struct dl_entity *e = &t->se.dl;
    u64 left = e->deadline - now; /* below 0 if it has passed */

    if (p->deadline < deadline_period(p) && !earlier(now, e->deadline) && earlier(now, edf_next_period(t))) {
        e->budget = 0;
        return true;
    }
    if ((s64)left < 0 || (unsigned __int128)e->budget * p->deadline > (unsigned __int128)left * p->runtime)
        begin_anew(t, now);
    return false;
#else
    /* Three cases. In this, nothing: whoever sleeps past its deadline comes before all others when it wakes. The products of the second do
       not fit into 64 bits: unsigned __int128. */
    (void)t, (void)now;
    lab_stub("5.5a", "edf_wake");
    return false;
#endif
}
