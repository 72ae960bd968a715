/* Lab 5.4: the small functions of the real-time class, asked one by one: threads that nobody runs, in a run queue of the test's own. Each
   case is told (FACT_NOTE) before the answers (FACT_RESULT); the grader computes the same from the rules. */
#include "base/cpu.h"
#include "ktest/due.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "sched/rt.h"

#define THREADS 8
#define STEPS   300
#define CASES   60

static struct rq queue;
static struct thread thread[THREADS], runs;
static u64 chance;

static u64 below(u64 n)
{
    return random_of(&chance) % n;
}

static void set_up(u64 seed)
{
    chance = seed;
    queue = (struct rq){ .clock = 1000000, .curr = &runs, .cpu = this_cpu()->id };
    rt_rq_init(&queue);
    runs = (struct thread){ .tid = 1000, .class = &rt_class };
    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = (struct thread){ .tid = (tid_t)i + 1, .class = &rt_class };
        list_init(&thread[i].run_link);
    }
}

static u64 makes_due(void (*function)(struct rq *rq, struct thread *t), struct thread *t)
{
    struct due before = due_begin(&queue);

    function(&queue, t);
    return due_end(&queue, before);
}

static void join(struct thread *t)
{
    static const u8 priorities[] = { 1, 2, 50, 63, 64, 65, 98, 99 };
    enum enqueue_why why = (enum enqueue_why)below(5);
    struct rt_entity *e = &t->se.rt;

    e->priority = priorities[below(8)];
    e->turn_over = below(2);
    e->lowered = why == ENQUEUE_CHANGED && below(2);
    fact(FACT_NOTE, (u64)t->tid, e->priority);
    fact(FACT_NOTE, why, e->turn_over | (u64)e->lowered << 1);
    rt_join(&queue.classes.rt, t, why);
}

/* As rt_dequeue() does it. */
static void leave(struct thread *t)
{
    struct rt_rq *rt = &queue.classes.rt;
    unsigned level = t->se.rt.priority;

    list_remove(&t->run_link);
    if (list_empty(&rt->level[level]))
        rt->nonempty[level / 64] &= ~(1ul << level % 64);
}

KTEST(rt_lists, "threads join lists for all reasons, and the first is taken out")
{
    u64 flags = irq_save();

    set_up(41);
    for (unsigned i = 0; i < STEPS; i++) {
        struct thread *t = &thread[below(THREADS)], *first;

        if (list_empty(&t->run_link)) {
            join(t);
            continue;
        }
        first = rt_first(&queue.classes.rt);
        fact(FACT_RESULT, !first || list_empty(&first->run_link), first ? (u64)first->tid : 0);
        if (first && !list_empty(&first->run_link))
            leave(first);
    }
    irq_restore(flags);
    return 0;
}

KTEST(rt_rules, "what a tick does at the end of a slice and before it, and who takes the CPU from whom")
{
    u64 flags = irq_save();

    for (unsigned i = 0; i < CASES; i++) {
        struct rt_entity *e = &runs.se.rt;
        u64 used;

        set_up(42 + i);
        runs.se.params.policy = i % 4 ? SCHED_RR : SCHED_FIFO;
        runs.se.rt.priority = runs.se.params.rt_priority = 50;
        used = SCHED_RR_SLICE_NS + below(3) - 1;
        runs.se.charged = NS_PER_SEC;
        e->slice_start = NS_PER_SEC - used;
        thread[0].se.rt.priority = thread[0].se.params.rt_priority = (u8)(49 + i / 4 % 3);
        thread[0].se.params.policy = i % 5 ? SCHED_RR : SCHED_FIFO;
        fact(FACT_NOTE, i % 4 != 0, used);
        fact(FACT_NOTE, i % 7 < 5, thread[0].se.rt.priority);
        fact(FACT_RESULT, 0, makes_due(rt_check_preempt, &thread[0]));
        if (i % 7 < 5)
            list_push_tail(&queue.classes.rt.level[thread[0].se.rt.priority], &thread[0].run_link);
        fact(FACT_RESULT, 1, makes_due(rt_tick, &runs));
        fact(FACT_RESULT, e->turn_over, e->slice_start == runs.se.charged);
    }
    irq_restore(flags);
    return 0;
}

/* Charges at times that go over several windows; the last three come when the class's share of a window is over, a ns before that, and when
   it was over long ago. */
KTEST(rt_account, "what the class has used of a window")
{
    u64 flags = irq_save(), now = 0;
    struct rt_rq *rt = &queue.classes.rt;

    set_up(43);
    fact(FACT_NOTE, class_options.rt_period_ns, class_options.rt_runtime_ns);
    for (unsigned i = 0; i < CASES + 3; i++) {
        u64 passes = below(i % 10 == 9 ? 3 * class_options.rt_period_ns : class_options.rt_period_ns / 3);
        u64 delta = below(2) ? passes : below(passes + 1);
        bool over;

        now += passes;
        if (i == CASES + 2) {
            now += class_options.rt_period_ns / 100 - passes;
            delta = class_options.rt_period_ns / 100;
        } else if (i >= CASES) {
            now = 1000 * i * class_options.rt_period_ns + class_options.rt_runtime_ns - (i - CASES);
            delta = now;
        }
        fact(FACT_NOTE, now, delta);
        over = rt_account(rt, now, delta);
        fact(FACT_RESULT, over, rt->used);
        fact(FACT_RESULT, 0, rt->window);
    }
    irq_restore(flags);
    return 0;
}
