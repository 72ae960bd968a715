/* The class table of real-time threads: lists, charging, and what it means that the class is throttled. What it decides is in rt.c. Lock:
   the run queue's.

   While the class is throttled its threads stay where they are, but nobody of them is picked and none counts in rq->nr_ready: to the
   others it is as if they were not there. A thread of it that may not be preempted just then goes on, until it may. */
#include "sched/rt.h"
#include "base/assert.h"
#include "sched/placement.h"
#include "sched/smp.h"

void rt_rq_init(struct rq *rq)
{
    struct rt_rq *rt = &rq->classes.rt;

    *rt = (struct rt_rq){ 0 };
    for (unsigned i = 0; i < RT_PRIORITIES; i++)
        list_init(&rt->level[i]);
}

/* --- the share of the class -------------------------------------------------------------------------------------------------------- */

/* Nothing is accounted while it is throttled, so rt->window stays the one at whose end it comes back. */
static u64 window_end(const struct rt_rq *rt)
{
    return (rt->window + 1) * class_options.rt_period_ns;
}

static void throttle(struct rq *rq, const struct thread *t)
{
    struct rt_rq *rt = &rq->classes.rt;

    rt->throttled = true;
    rq->nr_ready -= rt->nr;
    if (unlikely(trace_on))
        sched_trace(TRACE_THROTTLE, rq, t, window_end(rt));
    resched(rq);
    classes_note_event(rq);
}

/* t runs. */
static void charge(struct rq *rq, struct thread *t)
{
    struct rt_rq *rt = &rq->classes.rt;
    u64 ran = cycles_to_ns(thread_ran(rq, t)), delta = ran - t->se.charged;

    t->se.charged = ran;
    if (rt_limited() && !rt->throttled && rt_account(rt, rq_now(rq), delta))
        throttle(rq, t);
}

u64 rt_next_event(const struct rq *rq)
{
    return rq->classes.rt.throttled ? window_end(&rq->classes.rt) : ~0ul;
}

/* All who wait may be taken by CPUs that idle. */
static void tell_idle(const struct rq *rq)
{
    for (unsigned level = 0; level < RT_PRIORITIES; level++)
        list_for_each(it, &rq->classes.rt.level[level])
            smp_joined(rq, list_entry(it, struct thread, run_link));
}

void rt_event(struct rq *rq, u64 now)
{
    struct rt_rq *rt = &rq->classes.rt;
    struct thread *first;

    if (!rt->throttled || now < window_end(rt))
        return;
    rt->throttled = false;
    rt->used = 0;
    __atomic_fetch_add(&rq->nr_ready, rt->nr, __ATOMIC_SEQ_CST); /* as smp_count_ready() */
    if (unlikely(trace_on))
        sched_trace(TRACE_REPLENISH, rq, rq->idle, 0);
    first = rt_first(rt);
    if (!first)
        return;
    sched_check_preempt(rq, first);
    tell_idle(rq);
}

/* --- the lists --------------------------------------------------------------------------------------------------------------------- */

static void rt_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    struct rt_rq *rt = &rq->classes.rt;

    t->se.rt.priority = t->se.params.rt_priority;
    if (why != ENQUEUE_CHANGED)
        t->since = rq->clock;
    rt_join(rt, t, why);
    ASSERT(!list_empty(&t->run_link), "rt_join: thread %d (%s) is in no list afterwards", t->tid, t->name);
    t->se.rt.lowered = false;
    rt->nr++;
}

static void rt_dequeue(struct rq *rq, struct thread *t)
{
    struct rt_rq *rt = &rq->classes.rt;
    unsigned level = t->se.rt.priority;

    list_remove(&t->run_link);
    if (list_empty(&rt->level[level]))
        rt->nonempty[level / 64] &= ~(1ul << level % 64);
    rt->nr--;
}

static __attribute__((noinline)) struct thread *take_first(struct rq *rq)
{
    struct rt_rq *rt = &rq->classes.rt;
    struct thread *t = rt_first(rt);

    ASSERT(t, "rt_first: nobody is there, and %u wait: does rt_join() set the bit of each list that it puts somebody into?", rt->nr);
    ASSERT(!list_empty(&t->run_link), "rt_first: the first of a list in which nobody is: does rt_first() take the highest bit's list, and "
                                      "does rt_join() set that list's bit and no other?");
    rt_dequeue(rq, t);
    t->se.rt.turn_over = false;
    return t;
}

/* As deadline_pick(): most find nobody. */
static struct thread *rt_pick(struct rq *rq)
{
    return rq->classes.rt.nr && !rq->classes.rt.throttled ? take_first(rq) : NULL;
}

static void rt_task_tick(struct rq *rq, struct thread *t)
{
    charge(rq, t);
    rt_tick(rq, t);
}

/* --- changes ----------------------------------------------------------------------------------------------------------------------- */

void rt_enters(struct rq *rq, struct thread *t, const struct sched_params *before, bool from_deadline)
{
    struct rt_entity *e = &t->se.rt;
    bool stays = t->state == THREAD_READY && may_run_on(t, rq->cpu); /* it will be put back into this queue */
    bool lowered, raised;

    if (before && t == rq->curr)
        charge(rq, t);
    e->priority = t->se.params.rt_priority;
    lowered = before ? e->priority < before->rt_priority : from_deadline;
    raised = before ? e->priority > before->rt_priority : !from_deadline;
    e->lowered = stays && lowered;
    if (!before)
        e->turn_over = false;
    if (raised && t == rq->curr && !list_empty(&rq->classes.rt.level[e->priority]))
        e->turn_over = true; /* it has to make room soon, to the others or a better one, and has not waited as they have */
    if (!before || before->policy != SCHED_RR)
        e->slice_start = t->se.charged;
}

static void rt_set_curr(struct rq *rq, struct thread *t)
{
    (void)t;
    if (rq->classes.rt.throttled)
        resched(rq);
}

void rt_entity(const struct rq *rq, const struct thread *t, u64 arg[4])
{
    (void)rq;
    arg[0] = t->se.params.rt_priority;
    if (t->se.params.policy == SCHED_RR)
        arg[3] = SCHED_RR_SLICE_NS - (t->se.charged - t->se.rt.slice_start);
}

const struct sched_class rt_class = {
    .id = SCHED_CLASS_RT,
    .name = "rt",
    .enqueue_task = rt_enqueue,
    .dequeue_task = rt_dequeue,
    .pick_next_task = rt_pick,
    .put_prev_task = charge,
    .set_curr_task = rt_set_curr,
    .task_tick = rt_task_tick,
    .check_preempt_curr = rt_check_preempt,
    SMP_STEAL(rt_steal)
};
