/* Multi-level feedback queue: lab 2.7 (after Corbato, Merwin-Daggett and Daley 1962). Nobody says how much CPU a thread will need: the
   queue finds out. The run queue's lock is held, interrupts are off.

   The rules: 1. the best level runs first, in turns of that level's quantum; a thread that becomes ready at a better level than the
   current one's takes the CPU. 2. Everybody starts at the top, level 0. 3. Who has run its allotment, two quanta, since it came to a
   level goes one level down when it joins the queue next, at the following tick at the latest; sleeping does not renew this allotment,
   or whoever sleeps just in time stays at the top for ever. 4. Each turn that begins with a wake, a yield or a used-up quantum has a whole
   quantum. 5. When policy.mlfq_boost has passed, all start at the top again, blocked ones too.

   Boosts are numbered: the present one is rq->clock / policy.mlfq_boost. Whose t->mlfq.boost is an older number counts as being at the
   top already, wherever it stands or sleeps; its fields are brought up to date when somebody gets to it. So a boost costs nothing, and at
   most MLFQ_LEVELS looks find the next thread: in each list, those of older boosts stand before the others, because whoever comes to a
   list comes behind. */
#include "base/lab.h"
#include "sched/policies.h"
#include "sched/preempt.h"

unsigned mlfq_level(const struct rq *rq, const struct thread *t)
{
#if SOLVED >= 207
    return t->mlfq.boost == rq->clock / policy.mlfq_boost ? t->mlfq.level : 0;
#else
    /* And those whom a boost has lifted since they were looked at last? */
    (void)rq;
    lab_stub("2.7", "mlfq_level");
    return t->mlfq.level;
#endif
}

void mlfq_catch_up(struct rq *rq, struct thread *t)
{
#if SOLVED >= 207
    u64 boost = rq->clock / policy.mlfq_boost;

    if (t->mlfq.boost == boost)
        return;
    t->mlfq.boost = boost;
    t->mlfq.level = 0;
    t->mlfq.allotment_start = t->slice_start = thread_ran(rq, t);
#else
    /* How does t know that there was a boost since? What does starting at the top again include besides the level? */
    (void)rq, (void)t;
    lab_stub("2.7", "mlfq_catch_up");
#endif
}

/* Whether t has had its quantum in this turn. */
static inline bool quantum_used(const struct rq *rq, const struct thread *t)
{
#if SOLVED >= 207
    return thread_ran(rq, t) - t->slice_start >= policy.mlfq_quantum[t->mlfq.level];
#else
    /* t->slice_start is what t had run when its turn began. */
    (void)rq, (void)t;
    return false;
#endif
}

/* Whether t has to go down. */
static inline bool allotment_used(const struct rq *rq, const struct thread *t)
{
#if SOLVED >= 207
    return t->mlfq.level < MLFQ_LEVELS - 1 &&
           thread_ran(rq, t) - t->mlfq.allotment_start >= policy.mlfq_allotment[t->mlfq.level];
#else
    /* In one turn or in many: t->mlfq.allotment_start is what t had run when it came to its level. And at the lowest level? */
    (void)rq, (void)t;
    return false;
#endif
}

void mlfq_place(struct rq *rq, struct thread *t, enum enqueue_why why)
{
#if SOLVED >= 207
    bool over;

    mlfq_catch_up(rq, t);
    over = quantum_used(rq, t);
    if (allotment_used(rq, t)) {
        t->mlfq.level++;
        t->mlfq.allotment_start = thread_ran(rq, t);
        over = true;
    }
    if (why == ENQUEUE_CHANGED || (why == ENQUEUE_PREEMPTED && !over))
        return; /* it keeps its place and what is left of its quantum */
    t->slice_start = thread_ran(rq, t);
    t->since = rq->clock;
#else
    /* Everybody stays at the level where it is and goes behind all others there, with a whole quantum. Who has to go down, and when does
       it count? Who should not go behind? */
    (void)why;
    lab_stub("2.7", "mlfq_place");
    t->slice_start = thread_ran(rq, t);
    t->since = rq->clock;
#endif
}

struct thread *mlfq_first(struct rq *rq)
{
#if SOLVED >= 207
    struct thread *best = NULL;

    for (unsigned i = 0; i < MLFQ_LEVELS; i++) {
        struct list *list = &rq->mlfq.level[i];
        struct thread *t = list_entry(list->next, struct thread, run_link);

        if (list_empty(list))
            continue;
        if (!best || mlfq_level(rq, t) < mlfq_level(rq, best) || (mlfq_level(rq, t) == mlfq_level(rq, best) && ready_before(t, best)))
            best = t;
    }
    return best;
#else
    /* One queue instead of MLFQ_LEVELS, as long as nobody goes down. */
    lab_stub("2.7", "mlfq_first");
    if (list_empty(&rq->mlfq.level[0]))
        return NULL;
    return list_entry(rq->mlfq.level[0].next, struct thread, run_link);
#endif
}

void mlfq_tick(struct rq *rq, struct thread *t)
{
#if SOLVED >= 207
    mlfq_catch_up(rq, t);
    if (quantum_used(rq, t) || allotment_used(rq, t))
        resched(rq);
#else
    /* This makes everybody make room at every tick. Which two limits may t have reached? What follows from that is mlfq_place()'s. */
    (void)t;
    lab_stub("2.7", "mlfq_tick");
    resched(rq);
#endif
}

void mlfq_check_preempt(struct rq *rq, struct thread *t)
{
#if SOLVED >= 207
    if (mlfq_level(rq, t) < mlfq_level(rq, rq->curr))
        resched(rq);
#else
    /* Somebody who waits for a key should not wait for somebody who computes. */
    (void)rq, (void)t;
    lab_stub("2.7", "mlfq_check_preempt");
#endif
}
