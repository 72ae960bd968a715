/* Real-time and deadline threads that nobody runs, in a queue of the test's own, and who may reserve what: numbers as the seed decides. */
#include "base/cpu.h"
#include "ktest/hidden.h"
#include "sched/deadline.h"
#include "sched/rt.h"
#include "sched/timer.h"

#define THREADS 40u
#define STEPS   900
#define CASES   250
#define MS      NS_PER_MS

static struct rq urgent;
static struct thread many[THREADS], at_work;

static void set_up(const struct sched_class *class)
{
    urgent = (struct rq){ .clock = 1000000, .curr = &at_work, .cpu = this_cpu()->id };
    at_work = (struct thread){ .tid = 1000, .class = class };
    for (unsigned i = 0; i < THREADS; i++) {
        many[i] = (struct thread){ .tid = (tid_t)i + 1, .class = class };
        list_init(&many[i].run_link);
        rb_node_init(&many[i].se.dl.node);
    }
}

static bool reschedule_due(void (*function)(struct rq *rq, struct thread *t), struct thread *t)
{
    bool before = this_cpu()->need_resched, due;

    this_cpu()->need_resched = false;
    function(&urgent, t);
    due = this_cpu()->need_resched;
    this_cpu()->need_resched = before;
    return due;
}

/* --- 5.4 ----------------------------------------------------------------------------------------------------------------------------- */

static void stand(struct thread *t, u64 *draws)
{
    struct rt_entity *e = &t->se.rt;
    enum enqueue_why why = (enum enqueue_why)draw(draws, 5);

    e->priority = (u8)(1 + draw(draws, 99));
    if (draw(draws, 2)) /* beside another one */
        e->priority = max(many[draw(draws, THREADS)].se.rt.priority, e->priority);
    e->turn_over = draw(draws, 2);
    e->lowered = draw(draws, 2) && why == ENQUEUE_CHANGED;
    rt_join(&urgent.classes.rt, t, why);
}

static void go(struct thread *t)
{
    struct rt_rq *rt = &urgent.classes.rt;
    unsigned level = t->se.rt.priority;

    list_remove(&t->run_link);
    if (list_empty(&rt->level[level]))
        rt->nonempty[level / 64] &= ~(1ul << level % 64);
}

/* ORDER: step, the tid of the first, who goes, or 0. */
static void first_goes(u64 step)
{
    struct thread *first = rt_first(&urgent.classes.rt);
    bool waits = first && !list_empty(&first->run_link);

    fact(FACT_ORDER, step, waits ? (u64)first->tid : 0);
    if (waits)
        go(first);
}

/* STATE: step, whether a tick takes the CPU from who runs; COUNT: whether its slice is over, and when its slice began. FOUND: whether one
   who becomes ready takes the CPU. */
static void rule(u64 step, u64 *draws)
{
    struct rt_entity *e = &at_work.se.rt;
    u64 ran = draw(draws, 2) ? SCHED_RR_SLICE_NS + draw(draws, 3) - 1 : draw(draws, 300 * MS);
    struct thread *t = &many[draw(draws, THREADS)];

    at_work.se.params.policy = draw(draws, 4) ? SCHED_RR : SCHED_FIFO;
    e->priority = (u8)(draw(draws, 2) && t->se.rt.priority ? t->se.rt.priority : 1 + draw(draws, 99));
    at_work.se.params.rt_priority = e->priority;
    e->slice_start = draw(draws, NS_PER_SEC);
    at_work.se.charged = e->slice_start + ran;
    e->turn_over = false;
    fact(FACT_STATE, step, reschedule_due(rt_tick, &at_work));
    fact(FACT_COUNT, step, e->slice_start << 1 | e->turn_over);
    fact(FACT_FOUND, step, reschedule_due(rt_check_preempt, t));
}

/* RESULT: step, what the class has used of the window; RETURNED: step, whether that is all it may. */
static void account(u64 step, u64 *now, u64 *draws)
{
    u64 period = class_options.rt_period_ns, far = draw(draws, 24), passes = far < 4 ? far * period : 0, delta;
    bool over;

    passes += draw(draws, far < 4 ? MS : period / 4);
    delta = draw(draws, 2) ? passes : draw(draws, passes + 1);
    *now += passes;
    over = rt_account(&urgent.classes.rt, *now, delta);
    fact(FACT_RESULT, step, urgent.classes.rt.used);
    fact(FACT_RETURNED, step, over);
}

KTEST(hidden_rt, "real-time threads of all priorities come and go, tick and use up windows, as the seed decides")
{
    u64 draws = draws_of(0), flags = irq_save(), now = 0;

    set_up(&rt_class);
    rt_rq_init(&urgent);
    for (u64 step = 0; step < STEPS; step++) {
        u64 what = draw(&draws, 8);
        struct thread *t = &many[draw(&draws, THREADS)];

        if (what == 0)
            rule(step, &draws);
        else if (what == 1)
            account(step, &now, &draws);
        else if (what < 4)
            first_goes(step);
        else if (list_empty(&t->run_link))
            stand(t, &draws);
        else if (what < 6)
            go(t);
    }
    irq_restore(flags);
    return 0;
}

/* --- 5.5a ---------------------------------------------------------------------------------------------------------------------------- */

static void draw_deadline(struct thread *t, u64 now, u64 *draws)
{
    struct sched_params *p = &t->se.params;
    u64 many_bits = 12 + draw(draws, 20), later = draw(draws, 3);

    *p = (struct sched_params){ .policy = SCHED_DEADLINE };
    p->runtime = 1024 + draw(draws, 1ul << many_bits);
    p->deadline = p->runtime + later * draw(draws, 1ul << many_bits);
    p->period = draw(draws, 3) ? p->deadline + draw(draws, 1ul << many_bits) : 0;
    t->since = draw(draws, 2);
    t->se.dl.budget = 1 + (s64)mul_div(p->runtime, draw(draws, 1000), 1000);
    t->se.dl.deadline = now + mul_div(p->deadline, draw(draws, 3000), 1000) - p->deadline;
}

/* COUNT: case, deadline; RESULT: case, budget. */
static void tell_both(u64 i, const struct thread *t)
{
    fact(FACT_COUNT, i, t->se.dl.deadline);
    fact(FACT_RESULT, i, (u64)t->se.dl.budget);
}

/* ORDER: case, which of two comes first; FOUND: whether that one takes the CPU. */
static void edf_two_of_them(u64 i, u64 now, u64 *draws)
{
    struct thread *a = &at_work, *b = &many[0];

    draw_deadline(a, now, draws);
    draw_deadline(b, now, draws);
    if (draw(draws, 2))
        b->se.dl.deadline = a->se.dl.deadline + draw(draws, 3) - 1;
    fact(FACT_ORDER, i, deadline_before(&a->se.dl.node, &b->se.dl.node) << 1 | deadline_before(&b->se.dl.node, &a->se.dl.node));
    fact(FACT_FOUND, i, reschedule_due(edf_check_preempt, b));
}

/* RETURNED: case, whether its budget is used up, or whether it has to wait. NOTE: case, when its next period begins. */
static void edf_runs(u64 i, u64 now, u64 *draws)
{
    struct thread *t = &many[1];
    u64 over = draw(draws, 9), late = draw(draws, 2);

    draw_deadline(t, now, draws);
    fact(FACT_RETURNED, i, edf_charge(t, over == 0 ? (u64)t->se.dl.budget - 1 : (u64)t->se.dl.budget + (over - 1) * t->se.params.runtime));
    tell_both(i, t);
    fact(FACT_NOTE, i, edf_next_period(t));
    edf_replenish(t, now + late * draw(draws, 1ul << 30));
    tell_both(i, t);
}

static void edf_sleeps(u64 i, u64 now, u64 *draws)
{
    struct thread *t = &many[2];
    struct dl_entity *dl = &t->se.dl;

    draw_deadline(t, now, draws);
    if (draw(draws, 2)) /* just what is its due, or nearly */
        dl->deadline = now + mul_div((u64)dl->budget, t->se.params.deadline, t->se.params.runtime) + draw(draws, 3) - 1;
    fact(FACT_RETURNED, i, edf_wake(t, now));
    tell_both(i, t);
}

KTEST(hidden_edf, "deadline threads of all lengths run, wait and sleep, as the seed decides")
{
    u64 draws = draws_of(0), flags = irq_save();

    set_up(&deadline_class);
    for (u64 i = 0; i < CASES; i++) {
        u64 wraps = draw(&draws, 4), now = (wraps ? 1ul << 45 : 0) + draw(&draws, MS);

        edf_two_of_them(i, now, &draws);
        edf_runs(i, now, &draws);
        edf_sleeps(i, now, &draws);
    }
    irq_restore(flags);
    return 0;
}

/* --- 5.5b ---------------------------------------------------------------------------------------------------------------------------- */

/* COST: step, its bandwidth; RETURNED: step, whether it is let in. */
static void takes(u64 step, struct thread *t, u64 *draws)
{
    struct sched_params p = { .policy = SCHED_DEADLINE };
    u64 bits = 12 + draw(draws, 18), part = 1 + draw(draws, 400);

    p.deadline = 1024000 + draw(draws, 1ul << bits);
    p.period = draw(draws, 2) ? p.deadline + draw(draws, 1ul << bits) : 0;
    p.runtime = p.deadline * part / 1000;
    fact(FACT_COST, step, deadline_bandwidth(&p));
    fact(FACT_RETURNED, step, admission_take(&urgent, t, deadline_bandwidth(&p)));
}

static void gives(struct thread *t, u64 *draws)
{
    t->se.dl.deadline = rq_now(&urgent) + draw(draws, 40 * MS) - 8 * MS;
    t->se.dl.budget = (s64)draw(draws, 4 * MS) - (s64)MS;
    admission_give(&urgent, t);
}

KTEST(hidden_admission, "threads reserve, ask for other shares and leave, as the seed decides")
/* COUNT: step, what is reserved, when whatever is due has been taken back. */
{
    u64 draws = draws_of(0), flags = irq_save(), began;

    set_up(&deadline_class);
    urgent.clock = clock_base + ns_to_cycles(1000 * MS);
    began = rq_now(&urgent);
    fact(FACT_NOTE, 0, class_options.dl_bandwidth);
    for (u64 step = 0; step < STEPS / 2; step++) {
        struct thread *t = &many[draw(&draws, THREADS / 3)];
        u64 what = draw(&draws, 5);

        urgent.clock = clock_base + ns_to_cycles(began + (step + 1) * 3 * MS);
        fact(FACT_NOTE, step + 1, rq_now(&urgent));
        if (what < 3)
            takes(step, t, &draws);
        else
            gives(t, &draws);
        (void)admission_take(&urgent, &at_work, 0);
        fact(FACT_COUNT, step, urgent.classes.dl.bandwidth);
    }
    irq_restore(flags);
    return 0;
}
