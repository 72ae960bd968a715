/* Lab 5.3: what a thread keeps when it leaves a queue, where it stands when it comes, and what another weight changes (fair_case.h). */
#include "ktest/fair_case.h"
#include "sched/classes.h"

KTEST(lag_kept, "what members that leave keep: within bounds and beyond them")
{
    u64 flags = irq_save();

    chance = 31;
    for (unsigned i = 0; i < 2 * CASES; i++) {
        struct fair_entity *e = &runs.se.fair;

        fill((unsigned)below(4), true, somewhere(i), eevdf_summarize);
        e->slice = 1 + below(i % 3 ? MS : 6 * MS); /* shorter than half a tick, and longer */
        if (i % 5 == 4) /* as far as a long slice and a small weight have it */
            e->deadline += 5 * NS_PER_SEC;
        fact(FACT_NOTE, e->slice, class_options.tick_ns);
        fact(FACT_NOTE, 0, e->deadline);
        eevdf_keep_lag(&queue, e);
        fact(FACT_RESULT, 0, (u64)e->vlag);
        fact(FACT_RESULT, 1, (u64)e->ahead);
    }
    irq_restore(flags);
    return 0;
}

KTEST(lag_placed, "where new ones, those who wake, those who changed, and those from other classes stand")
{
    static const enum enqueue_why reasons[] = { ENQUEUE_NEW, ENQUEUE_WAKE, ENQUEUE_CHANGED };
    u64 flags = irq_save();

    chance = 32;
    for (unsigned i = 0; i < 3 * CASES; i++) {
        struct fair_entity *e = &other.se.fair;
        enum enqueue_why why = reasons[i % 3];

        fill(i < 12 ? 0 : (unsigned)below(4), i >= 6 && below(2), somewhere(i / 3), eevdf_summarize);
        make(&other, 77, 0);
        e->slice = SCHED_MIN_GRANULARITY_NS + below(9 * MS);
        e->vlag = (s64)below(8 * MS) - 4 * (s64)MS;
        e->ahead = (s64)below(8 * MS) - 2 * (s64)MS;
        e->newcomer = why == ENQUEUE_NEW || below(4) == 0;
        tell(&other);
        fact(FACT_NOTE, why, e->newcomer);
        fact(FACT_NOTE, e->slice, queue.classes.fair.zero);
        fact(FACT_NOTE, (u64)e->vlag, (u64)e->ahead);
        eevdf_place(&queue, &other, why);
        fact(FACT_RESULT, 0, e->vruntime);
        fact(FACT_RESULT, 1, e->deadline);
    }
    irq_restore(flags);
    return 0;
}

KTEST(lag_yield, "what who yields, again and again, is due")
{
    u64 flags = irq_save();

    chance = 33;
    for (unsigned i = 0; i < CASES; i++) {
        struct fair_entity *e = &other.se.fair;

        make(&other, 77, somewhere(i));
        e->slice = SCHED_MIN_GRANULARITY_NS + below(9 * MS);
        e->deadline = e->vruntime + (i % 5 ? below(MS) : eevdf_request(e) + i % 2);
        tell(&other);
        fact(FACT_NOTE, e->slice, 0);
        for (unsigned n = 0; n < 3; n++) {
            eevdf_yield(e);
            fact(FACT_RESULT, n, e->deadline);
        }
    }
    irq_restore(flags);
    return 0;
}

KTEST(lag_reweight, "members that wait and run, and threads that sleep, get another weight")
{
    u64 flags = irq_save();

    chance = 34;
    for (unsigned i = 0; i < 2 * CASES; i++) {
        struct fair_entity *e = &other.se.fair;
        bool is_member = i % 2, protected = i / 2 % 2;
        u32 weight = sched_nice_to_weight[below(40)];
        u64 around = somewhere(i / 2);

        fill(is_member ? (unsigned)below(4) : 1, false, around, eevdf_summarize);
        make(&other, 77, around);
        e->vlag = (s64)below(8 * MS) - 4 * (s64)MS;
        e->ahead = (s64)below(8 * MS) - 2 * (s64)MS;
        e->protected = protected;
        if (is_member)
            count(e);
        tell(&other);
        fact(FACT_NOTE, is_member, weight);
        fact(FACT_NOTE, (u64)e->vlag, (u64)e->ahead);
        eevdf_reweight(&queue, e, weight);
        fact(FACT_RESULT, 0, e->vruntime);
        fact(FACT_RESULT, 1, e->deadline);
        fact(FACT_RESULT, 2, (u64)e->vlag);
        fact(FACT_RESULT, 3, (u64)e->ahead);
        fact(FACT_RESULT, 4, e->weight);
        fact(FACT_RESULT, 5, queue.classes.fair.weight);
        fact(FACT_RESULT, 6, (u64)queue.classes.fair.sum + queue.classes.fair.zero * queue.classes.fair.weight);
        fact(FACT_RESULT, 7, e->protected == protected);
    }
    irq_restore(flags);
    return 0;
}
