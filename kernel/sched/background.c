/* SCHED_IDLE: threads that run when nobody else wants to, in turns of the shortest quantum. They count as no load. Lock: the run queue's.
   */
#include "sched/classes.h"
#include "sched/preempt.h"
#include "sched/smp.h"

static void count(struct rq *rq, int n)
{
    struct background_rq *background = &rq->classes.background;

    __atomic_store_n(&background->nr, background->nr + (u32)n, __ATOMIC_RELAXED); /* other CPUs look without the lock */
}

static bool quantum_over(const struct rq *rq, const struct thread *t)
{
    return thread_ran(rq, t) - t->slice_start >= policy.quantum[PRIORITY_IDLE];
}

static void background_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    bool over = why == ENQUEUE_YIELD || quantum_over(rq, t);

    count(rq, t != rq->curr);
    if (why == ENQUEUE_CHANGED || (why == ENQUEUE_PREEMPTED && !over)) {
        queue_in_order(&rq->classes.background.ready, t);
        return;
    }
    if (over)
        t->slice_start = thread_ran(rq, t);
    t->since = rq->clock;
    list_push_tail(&rq->classes.background.ready, &t->run_link);
}

static void background_dequeue(struct rq *rq, struct thread *t)
{
    list_remove(&t->run_link);
    count(rq, -1);
}

static struct thread *background_pick(struct rq *rq)
{
    struct list *ready = &rq->classes.background.ready;
    struct thread *t;

    if (list_empty(ready))
        return NULL;
    t = list_entry(ready->next, struct thread, run_link);
    list_remove(&t->run_link);
    return t;
}

static void background_put_prev(struct rq *rq, struct thread *t)
{
    if (t->state != THREAD_READY || t->leaving)
        count(rq, -1);
}

static void background_set_curr(struct rq *rq, struct thread *t)
{
    (void)t;
    count(rq, 1);
}

static void background_tick(struct rq *rq, struct thread *t)
{
    if (quantum_over(rq, t) && !list_empty(&rq->classes.background.ready))
        resched(rq);
}

const struct sched_class background_class = {
    .id = SCHED_CLASS_IDLE,
    .name = "background",
    .enqueue_task = background_enqueue,
    .dequeue_task = background_dequeue,
    .pick_next_task = background_pick,
    .put_prev_task = background_put_prev,
    .set_curr_task = background_set_curr,
    .task_tick = background_tick,
    SMP_STEAL(background_steal)
};
