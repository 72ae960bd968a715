/* What is done about the scheduling classes in one place: options, new threads, what is due at a time, the trace. Lock: the run queue's. */
#include "sched/classes.h"
#include "base/cmdline.h"
#include "lib/errno.h"
#include "sched/attr.h"
#include "sched/deadline.h"
#include "sched/fair.h"
#include "sched/rt.h"
#include "sched/timer.h"
#include "sched/wait.h"

#define PER_MILLE 1000

struct class_options class_options = { .rt_period_ns = NS_PER_SEC, .tick_ns = NS_PER_SEC / SCHED_TICK_HZ };

void class_options_init(void)
{
    class_options = (struct class_options){
        .rt_period_ns = option_u64("rt_period") * NS_PER_MS,
        .rt_runtime_ns = option_u64("rt_runtime") * NS_PER_MS,
        .dl_bandwidth = ((option_u64("dl_bandwidth") << DL_BANDWIDTH_SHIFT) + PER_MILLE - 1) / PER_MILLE, /* 0.95 of a CPU is allowed */
        .tick_ns = NS_PER_SEC / option_u64("hz"),
    };
}

void classes_rq_init(struct rq *rq)
{
    struct thread *curr = this_cpu()->current;

    rb_tree_init(&rq->classes.fair.tree, NULL);
    list_init(&rq->classes.background.ready);
    rt_rq_init(rq);
    deadline_rq_init(rq);
    rq->classes.next_event = ~0ul;
    if (curr->flags & THREAD_IDLE)
        return;
    rq->curr = curr; /* the first thread: it runs already, and was in no queue */
    rq->clock = cycles();
    class_thread_init(curr, NULL);
    class_enters(rq, curr);
    curr->slice_start = curr->se.charged = 0; /* it has run for nobody else before */
    if (curr->class->set_curr_task)
        curr->class->set_curr_task(rq, curr);
}

/* --- new threads ------------------------------------------------------------------------------------------------------------------- */

void class_thread_init(struct thread *t, const struct thread *from)
{
    struct sched_params *p = &t->se.asked;

    t->se = (struct sched_entity){ .asked.policy = SCHED_OTHER, .fair.newcomer = true };
    if (from && !from->se.asked.reset_on_fork)
        *p = from->se.asked;
    else if (from && (from->se.asked.policy == SCHED_OTHER || from->se.asked.policy == SCHED_BATCH))
        p->nice = max(from->se.asked.nice, (s8)0);
    t->se.params = *p;
    rb_node_init(&t->se.fair.node);
    rb_node_init(&t->se.dl.node);
    fair_params(t);
}

int class_fork_error(const struct thread *from)
{
    return from->se.asked.policy == SCHED_DEADLINE && !from->se.asked.reset_on_fork ? -EAGAIN : 0;
}

const struct sched_class *class_of_new(const struct thread *t)
{
    switch (t->se.params.policy) {
    case SCHED_DEADLINE:
        return &deadline_class;
    case SCHED_FIFO:
    case SCHED_RR:
        return &rt_class;
    case SCHED_IDLE:
        return &background_class;
    default:
        return normal_class;
    }
}

void class_enters(struct rq *rq, struct thread *t)
{
    t->slice_start = thread_ran(rq, t);
    t->se.charged = cycles_to_ns(t->slice_start);
    t->se.fair.newcomer = true;
    t->se.fair.protected = false;
    fair_params(t);
}

/* What the class keeps, which t, as t->se.params has it now, comes to, or stays in. was: the class of before. */
static void settle_in(struct rq *rq, struct thread *t, const struct sched_class *was, const struct sched_params *before, u64 due)
{
    if (due || t->se.dl.lent)
        deadline_lent(rq, t, due);
    else if (t->class == &deadline_class)
        deadline_enters(rq, t, was == &deadline_class);
    if (t->class == &rt_class)
        rt_enters(rq, t, was == &rt_class ? before : NULL, was == &deadline_class);
}

void class_change(struct rq *rq, struct thread *t, const struct sched_params *p, bool lent, u64 due)
{
    const struct sched_class *was = t->class, *class;
    const struct sched_params before = t->se.params;
    bool runs = t->state == THREAD_RUNNING, newcomer = t->se.fair.newcomer;
    bool returns = t->se.lent && !lent, asked_for = !t->se.lent && !lent;

    if (asked_for && runs && was == &deadline_class && p->policy == SCHED_DEADLINE)
        deadline_before_change(rq, t);
    t->se.params = *p;
    t->se.lent = lent;
    class = class_of_new(t);
    if (runs && class != was && was->put_prev_task)
        was->put_prev_task(rq, t);
    t->class = class;
    t->class_id = class->id;
    if (class != was)
        class_enters(rq, t);
    if (lent ? class->id != SCHED_CLASS_NORMAL : returns && class == &eevdf_class)
        t->se.fair.newcomer = newcomer; /* who is lent a place elsewhere comes back with the lag with which it went */
    if (asked_for && was != class) {
        if (was == &deadline_class)
            deadline_unbind(rq, t);
        else if (class == &deadline_class)
            deadline_bind(t);
    }
    settle_in(rq, t, was, &before, due);
    if (unlikely(trace_on))
        class_trace_policy(rq, t);
    if (runs && class != was && class->set_curr_task)
        class->set_curr_task(rq, t);
    if (unlikely(trace_on) && runs)
        class_trace_entity(rq, t);
    if (returns && class == &deadline_class)
        deadline_returns(rq, t);
}

void class_follow(struct thread *t)
{
    struct rq *rq = &run_queues[t->last_cpu];

    if (t->se.lent)
        t->se.fair.newcomer = true; /* where it comes back to */
    if (t->class_id != SCHED_CLASS_NORMAL || t->class == normal_class)
        return;
    if (t->state == THREAD_RUNNING && t->class->put_prev_task)
        t->class->put_prev_task(rq, t);
    t->class = normal_class;
    class_enters(rq, t);
    if (t->state == THREAD_RUNNING && t->class->set_curr_task)
        t->class->set_curr_task(rq, t);
}

/* --- what is due at a time --------------------------------------------------------------------------------------------------------- */

void classes_note_event(struct rq *rq)
{
    u64 before = rq->classes.next_event;

    rq->classes.next_event = min(rt_next_event(rq), deadline_next_event(rq));
    if (rq->classes.next_event < before)
        timer_event_set(rq);
}

void classes_run_events(struct rq *rq, u64 now)
{
    rt_event(rq, now);
    deadline_event(rq, now);
    rq->classes.next_event = min(rt_next_event(rq), deadline_next_event(rq));
}

/* --- the trace --------------------------------------------------------------------------------------------------------------------- */

u64 class_params_word(const struct sched_params *p)
{
    return p->policy | (u64)p->rt_priority << 8 | (u64)(p->nice + 20) << 16 | (u64)p->reset_on_fork << 24;
}

void class_trace_policy(const struct rq *rq, const struct thread *t)
{
    const struct sched_params *p = &t->se.params;

    if (t->se.dl.lent)
        trace_write(TRACE_PARAMS, t, (u32)current()->tid, 0, t->se.dl.deadline, 0, 0);
    else
        trace_write(TRACE_PARAMS, t, (u32)current()->tid, p->runtime, p->deadline, p->period, 0);
    sched_trace(TRACE_POLICY, rq, t, class_params_word(p) | (u64)t->se.lent << 25);
}

void class_trace_new(const struct thread *t)
{
    static const struct sched_params defaults;
    const struct sched_params *p = &t->se.params;

    if (class_params_word(p) == class_params_word(&defaults) && !p->runtime)
        return;
    trace_write(TRACE_PARAMS, t, (u32)t->parent_tid, p->runtime, p->deadline, p->period, 0);
    trace_write(TRACE_POLICY, t, (u32)t->parent_tid, class_params_word(p), 0, t->priority | (u64)thread_effective(t) << 8, cycles());
}

void class_trace_entity(struct rq *rq, const struct thread *t)
{
    u64 arg[4] = { 0 };

    if (t->class == &eevdf_class || t->class == &cfs_class)
        fair_entity(rq, t, arg);
    else if (t->class == &rt_class)
        rt_entity(rq, t, arg);
    else if (t->class == &deadline_class)
        deadline_entity(rq, t, arg);
    else
        return;
    trace_write(TRACE_ENTITY, t, 0, arg[0], arg[1], arg[2], arg[3]);
}
