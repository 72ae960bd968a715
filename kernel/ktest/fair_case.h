/* Queues of CFS and EEVDF for ktests that ask their small functions one by one, with numbers that look like chance: threads that nobody
   runs, in a run queue of the test's own. Each case is told before the answers, so that the grader can compute the same from the rules.
   Used with interrupts off. */
#pragma once

#include "base/cpu.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "sched/fair.h"

#define MEMBERS 24 /* that wait, at most */
#define CASES   30
#define MS      NS_PER_MS

extern struct rq queue;
extern struct thread runs, member[MEMBERS], other;
extern u64 chance; /* not 0 */

static inline u64 below(u64 n)
{
    return random_of(&chance) % n;
}

/* Half of the cases are where virtual time wraps. */
static inline u64 somewhere(unsigned i)
{
    return i % 2 ? below(MS) : 1ul << 40;
}

/* A thread of some weight. Numbers near `around`. */
void make(struct thread *t, tid_t tid, u64 around);
/* It is a member from now on. */
void count(struct fair_entity *e);
/* It waits in the queue's tree, which is EEVDF's if it has summaries. */
void insert(struct thread *t);
/* Tells weight, vruntime; deadline, since (FACT_NOTE twice). */
void tell(const struct thread *t);
/* A queue with n that wait, and one that runs if `running`; tells how many (FACT_COUNT), then each, then who runs. */
void fill(unsigned n, bool running, u64 around, bool (*summarize)(struct rb_node *node));
/* Whether a function makes a reschedule due (due.h). */
u64 makes_due(void (*function)(struct rq *rq, struct thread *t, struct fair_entity *e), struct thread *t, struct fair_entity *e);
u64 tick_makes_due(void (*function)(struct rq *rq, struct fair_entity *e), struct fair_entity *e);
