/* Lab 5.5: the small functions of deadline threads and of admission, asked one by one: threads that nobody runs, in a run queue of the
   test's own. Each case is told (FACT_NOTE) before the answers (FACT_RESULT); the grader computes the same from the rules. */
#include "ktest/due.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "sched/deadline.h"
#include "sched/timer.h"

#define CASES   60
#define THREADS 6
#define MS      NS_PER_MS

static struct rq queue;
static struct thread a, b, thread[THREADS];
static u64 chance;

static u64 below(u64 n)
{
    return random_of(&chance) % n;
}

static void make(struct thread *t, tid_t tid)
{
    *t = (struct thread){ .tid = tid, .class = &deadline_class, .since = below(2) };
    t->se.params = (struct sched_params){ .policy = SCHED_DEADLINE, .runtime = MS + below(4 * MS) };
    t->se.params.deadline = t->se.params.runtime + below(6 * MS);
    t->se.params.period = below(3) ? t->se.params.deadline + below(9 * MS) : 0;
    rb_node_init(&t->se.dl.node);
}

/* Runtime, deadline; period, budget. */
static void tell(const struct thread *t)
{
    fact(FACT_NOTE, t->se.params.runtime, t->se.params.deadline);
    fact(FACT_NOTE, t->se.params.period, (u64)t->se.dl.budget);
}

/* Times near the point where 64 bits wrap, in every fourth case. */
static u64 clock_of(unsigned i)
{
    return i % 4 == 3 ? below(4 * MS) - 2 * MS : 1000 * MS + below(MS);
}

KTEST(edf_before, "which of two is due first, and who takes the CPU from whom")
{
    u64 flags = irq_save();

    chance = 51;
    for (unsigned i = 0; i < CASES; i++) {
        struct due before;

        queue = (struct rq){ .clock = 1000000, .curr = &a };
        make(&a, 1);
        make(&b, 2);
        a.se.dl.deadline = clock_of(i);
        b.se.dl.deadline = a.se.dl.deadline + below(3) * (i % 5 ? MS : 1) - (i % 5 ? MS : 1);
        fact(FACT_NOTE, a.se.dl.deadline, b.se.dl.deadline);
        fact(FACT_NOTE, a.since, b.since);
        fact(FACT_RESULT, deadline_before(&a.se.dl.node, &b.se.dl.node), deadline_before(&b.se.dl.node, &a.se.dl.node));
        before = due_begin(&queue);
        edf_check_preempt(&queue, &b);
        fact(FACT_RESULT, 0, due_end(&queue, before));
    }
    irq_restore(flags);
    return 0;
}

KTEST(edf_budget, "charges up to a budget's end and beyond, when the next period begins, and what it brings")
{
    u64 flags = irq_save();

    chance = 52;
    for (unsigned i = 0; i < CASES; i++) {
        u64 now = clock_of(i), delta;
        bool over;

        make(&a, 1);
        a.se.dl.budget = (s64)below(3 * MS);
        delta = (u64)a.se.dl.budget + below(3) - (a.se.dl.budget ? 1 : 0);
        if (i % 6 == 5) /* nobody could interrupt it */
            delta += 3 * a.se.params.runtime;
        a.se.dl.deadline = now + below(8 * MS) - 3 * MS;
        tell(&a);
        fact(FACT_NOTE, delta, a.se.dl.deadline);
        over = edf_charge(&a, delta);
        fact(FACT_RESULT, over, (u64)a.se.dl.budget);
        fact(FACT_RESULT, 0, edf_next_period(&a));
        a.se.dl.budget = -(s64)below(i % 2 ? 2 : 3 * a.se.params.runtime);
        if (i % 5 == 4) /* it comes long after its time */
            now += 40 * MS;
        if (i % 10 == 3) /* it comes at its next deadline */
            now = a.se.dl.deadline + deadline_period(&a.se.params);
        fact(FACT_NOTE, now, (u64)a.se.dl.budget);
        edf_replenish(&a, now);
        fact(FACT_RESULT, a.se.dl.deadline, (u64)a.se.dl.budget);
    }
    irq_restore(flags);
    return 0;
}

KTEST(edf_wake, "threads that wake before and after their deadline, with more and less budget than their share")
{
    u64 flags = irq_save();

    chance = 53;
    for (unsigned i = 0; i < 3 * CASES; i++) {
        u64 now = clock_of(i), much = i % 7 == 6 ? 1000000 : 1;

        make(&a, 1);
        a.se.params.runtime *= much;
        a.se.params.deadline *= much;
        a.se.params.period *= much;
        a.se.dl.budget = 1 + (s64)below(a.se.params.runtime);
        a.se.dl.deadline = now + below(3 * a.se.params.deadline) - a.se.params.deadline;
        if (i % 3 == 0) /* about as much as is its due */
            a.se.dl.deadline = now + mul_div((u64)a.se.dl.budget, a.se.params.deadline, a.se.params.runtime) + i % 2;
        if (i % 6 == 1) { /* exactly as much */
            a.se.params.deadline &= ~1ul;
            a.se.params.runtime = min(a.se.params.runtime, a.se.params.deadline) & ~1ul;
            a.se.dl.budget = (s64)a.se.params.runtime / 2;
            a.se.dl.deadline = now + a.se.params.deadline / 2;
        }
        if (i % 11 == 0)
            a.se.dl.deadline = now; /* it comes now */
        if (i % 11 == 1)
            a.se.dl.deadline = now + a.se.params.deadline - deadline_period(&a.se.params); /* and this is when its next period begins */
        tell(&a);
        fact(FACT_NOTE, now, a.se.dl.deadline);
        fact(FACT_RESULT, 0, edf_wake(&a, now));
        fact(FACT_RESULT, a.se.dl.deadline, (u64)a.se.dl.budget);
    }
    irq_restore(flags);
    return 0;
}

/* --- admission --------------------------------------------------------------------------------------------------------------------- */

KTEST(dl_bandwidth, "what shares of a CPU are as numbers")
{
    static const u64 numbers[] = { 1024, 1025, 333333, MS, 3 * MS, 10 * MS, 30 * MS, NS_PER_SEC, 3 * NS_PER_SEC + 12345,
                                   4194304000 };

    for (unsigned i = 0; i < array_len(numbers); i++)
        for (unsigned j = i; j < array_len(numbers); j++) {
            struct sched_params p = { .runtime = numbers[i], .deadline = numbers[j], .period = (i + j) % 3 ? numbers[j] : 0 };

            if (p.period) /* the deadline may be before the period's end */
                p.deadline = numbers[(i + j) / 2];
            fact(FACT_NOTE, p.runtime, numbers[j]);
            fact(FACT_RESULT, 0, deadline_bandwidth(&p));
        }
    return 0;
}

/* Whatever is due is taken back: t, which has nothing, asks for nothing. */
static void settle_by(struct thread *t)
{
    (void)admission_take(&queue, t, 0);
}

/* Threads come, change and go, while time passes. */
KTEST(dl_admission, "who is let in while others come, change and leave")
{
    u64 flags = irq_save(), limit = class_options.dl_bandwidth, left = limit;
    struct dl_rq *dl = &queue.classes.dl;

    chance = 54;
    queue = (struct rq){ .clock = clock_base + ns_to_cycles(1000 * MS), .curr = &a, .cpu = this_cpu()->id };
    for (unsigned i = 0; i < THREADS; i++)
        make(&thread[i], (tid_t)i + 1);
    make(&b, 77);
    fact(FACT_NOTE, class_options.dl_bandwidth, 0);
    for (unsigned i = 0; i < 6 * CASES; i++) {
        unsigned who = (unsigned)below(THREADS);
        struct thread *t = &thread[who];
        u64 bandwidth = i % 9 == 8 ? left : (1ul << DL_BANDWIDTH_SHIFT) / 100 * (5 + below(50));
        bool taken;

        queue.clock += below(4) ? ns_to_cycles(below(3 * MS)) : 0;
        if (i % 4 == 2 && dl->leaving && dl->leaving_at > rq_now(&queue)) { /* what is leaving is due now */
            queue.clock = clock_base + ns_to_cycles(dl->leaving_at);
            while (rq_now(&queue) < dl->leaving_at) /* that was rounded down */
                queue.clock++;
        }
        if (i == 5 * CASES) { /* there is no limit any more */
            class_options.dl_bandwidth = 0;
            fact(FACT_NOTE, 3 << 8, 0);
        }
        if (below(8) == 0) { /* t had reserved, and never came: what it had is taken back elsewhere */
            settle_by(&b);
            dl->bandwidth -= t->se.dl.bandwidth;
            t->se.dl.bandwidth = 0;
            fact(FACT_NOTE, who | 2 << 8, 0);
            fact(FACT_NOTE, rq_now(&queue), 0);
        } else if (below(3)) {
            fact(FACT_NOTE, who, bandwidth);
            fact(FACT_NOTE, rq_now(&queue), 0);
            taken = admission_take(&queue, t, bandwidth);
            fact(FACT_RESULT, taken, t->se.dl.bandwidth);
        } else {
            t->se.dl.deadline = rq_now(&queue) + below(8 * MS) - 2 * MS;
            t->se.dl.budget = (s64)below(MS) - (s64)MS / 4;
            if (i % 4 == 1) { /* its 0-lag time is now */
                t->se.dl.deadline = rq_now(&queue);
                t->se.dl.budget = 0;
            }
            if (!t->se.dl.bandwidth)
                settle_by(&b);
            fact(FACT_NOTE, who | 1 << 8, t->se.dl.deadline);
            fact(FACT_NOTE, rq_now(&queue), (u64)t->se.dl.budget);
            admission_give(&queue, t);
            fact(FACT_RESULT, 0, t->se.dl.bandwidth);
        }
        fact(FACT_RESULT, dl->bandwidth, dl->leaving);
        fact(FACT_RESULT, 0, dl->leaving_at);
        left = limit > dl->bandwidth ? limit - dl->bandwidth : 1;
    }
    class_options.dl_bandwidth = limit;
    irq_restore(flags);
    return 0;
}
