/* Priority inheritance across the scheduling classes (mutex.h): who owns what a thread of a higher class waits for goes by that one's
   class and priority until it gives it up. The exercises of lab 2.6c hand on a level, thread_effective(); here is what level a class has,
   and what a level is to who inherits it:

     0          a SCHED_IDLE thread, which lends nothing
     8 to 63    a normal thread, by its thread priority: who asked for SCHED_IDLE is a normal thread with its nice value meanwhile
     65 to 163  64 + a real-time priority: who has less has that one, under SCHED_FIFO if it is not SCHED_RR itself
     164        a deadline: the earliest of those who wait, if it is not later than its own. While a thread goes by a lent deadline it has
                no budget, is not throttled and misses nothing: it runs for those who wait for it

   A level says nothing about which of two deadlines is the earlier one, so deadlines are handed on beside it: deadline_offer(),
   deadline_offers(). Nobody is bound to a CPU by what it inherits, or has to be admitted. */
#pragma once

#include "sched/classes.h"

enum lend_level { LEVEL_IDLE = 0, LEVEL_RT = 64, LEVEL_DEADLINE = LEVEL_RT + RT_PRIORITIES };

/* The level of t's own class and priority; normal: if it is a normal thread. */
static inline int class_level(const struct thread *t, int normal)
{
    const struct sched_params *p = &t->se.asked;

    switch (p->policy) {
    case SCHED_DEADLINE:
        return LEVEL_DEADLINE;
    case SCHED_FIFO:
    case SCHED_RR:
        return LEVEL_RT + p->rt_priority;
    case SCHED_IDLE:
        return LEVEL_IDLE;
    default:
        return normal;
    }
}

/* t goes by what is lent to it (t->inherited, t->se.dl.offer), which may have changed. t stands in no queue. Returns whether it goes by
   something else now. rq->lock held. */
bool class_lend(struct rq *rq, struct thread *t);
/* Around a change of what t itself asked for: it goes by that alone, and then by what it inherits again. rq->lock held. */
void class_lend_stop(struct rq *rq, struct thread *t);
void class_lend_again(struct rq *rq, struct thread *t);

/* me is about to wait for me->blocked_on: its deadline, if it has one, is known to whoever stands in its way, owner after owner, before the
   level is handed on. pi_lock held, interrupts off. */
void deadline_offer(struct thread *me);
/* Others wait for t's mutexes than before, or t has others: the earliest deadline is looked for anew, for t and for those whom it waits
   for. pi_lock held, interrupts off. */
void deadline_offers(struct thread *t);
