/* Lab 5.1: the small functions of weights and CFS, asked one by one (fair_case.h). */
#include "ktest/fair_case.h"

/* --- 5.1: weights ------------------------------------------------------------------------------------------------------------------ */

KTEST(fair_weight, "the weight of each nice value")
{
    for (int nice = -20; nice < 20; nice++)
        fact(FACT_RESULT, (u64)(s64)nice, fair_weight(nice));
    return 0;
}

/* By weight: in how many steps, of how many ns, and what they sum up to. */
KTEST(fair_vtime, "many small charges against one that is as long")
{
    static const u64 step[] = { 1, 7, 50, 999, 1000000, 3600 * NS_PER_SEC };

    for (unsigned nice = 0; nice < 40; nice += 3)
        for (unsigned i = 0; i < array_len(step); i++) {
            struct fair_entity e = { .weight = sched_nice_to_weight[nice] };
            u64 sum = 0, most_rest = 0;

            for (unsigned n = 0; n < 100; n++) {
                sum += fair_vtime(&e, step[i]);
                most_rest = max(most_rest, e.rest);
            }
            fact(FACT_NOTE, e.weight, step[i]);
            fact(FACT_RESULT, most_rest, sum);
        }
    return 0;
}

/* --- 5.1: CFS ---------------------------------------------------------------------------------------------------------------------- */

KTEST(cfs_min, "min_vruntime of queues of which it is before, among and behind the members")
{
    u64 flags = irq_save();

    chance = 11;
    for (unsigned i = 0; i < CASES; i++) {
        u64 around = somewhere(i);

        fill(i % 5 ? 1 + (unsigned)below(3) : 0, i % 4, around, NULL);
        queue.classes.fair.min_vruntime = around + below(20 * MS) - 12 * MS;
        fact(FACT_NOTE, 0, queue.classes.fair.min_vruntime);
        cfs_update_min(&queue);
        fact(FACT_RESULT, 0, queue.classes.fair.min_vruntime);
    }
    irq_restore(flags);
    return 0;
}

/* The slice of who runs; whether a tick takes the CPU away when its turn has lasted that long, and a ns less; and who is first. */
KTEST(cfs_turn, "how long a turn is, when a tick ends it, and who is first")
{
    u64 flags = irq_save();

    chance = 12;
    for (unsigned i = 0; i < CASES; i++) {
        struct fair_entity *e = &runs.se.fair, *first;
        u64 slice;

        fill(i < 3 ? 0 : (unsigned)below(13), true, somewhere(i), NULL);
        if (i % 5 == 0)
            queue.classes.fair.nr += 90; /* as if there were many more, of no weight */
        if (i % 5 == 4 && queue.classes.fair.tree.leftmost)
            e->vruntime = fair_of(queue.classes.fair.tree.leftmost)->vruntime;
        fact(FACT_NOTE, e->vruntime, queue.classes.fair.nr);
        slice = cfs_slice(&queue, e);
        fact(FACT_RESULT, 0, slice);
        for (u64 more = 0; more < 2; more++) {
            runs.se.charged = 5000 + slice - 1 + more;
            e->picked_at = 5000;
            fact(FACT_RESULT, 1 + more, tick_makes_due(cfs_tick, e));
        }
        first = cfs_first(&queue);
        fact(FACT_RESULT, 3, first ? (u64)thread_of_fair(first)->tid : 0);
        fact(FACT_RESULT, 4, first && rb_linked(&first->node));
    }
    irq_restore(flags);
    return 0;
}

KTEST(cfs_place, "where who is new, yields, was preempted, wakes or changed stands")
{
    u64 flags = irq_save();

    chance = 13;
    for (unsigned i = 0; i < 2 * CASES; i++) {
        enum enqueue_why why = ENQUEUE_NEW + i % 5;
        u64 around = somewhere(i / 5);

        fill((unsigned)below(4), why == ENQUEUE_YIELD ? false : below(3), around, NULL);
        queue.classes.fair.min_vruntime = around + below(16 * MS) - 8 * MS;
        make(&other, 77, around);
        if (why == ENQUEUE_YIELD) /* who yields is the one that runs, a member */
            queue.curr = &other;
        count(&other.se.fair);
        tell(&other);
        fact(FACT_NOTE, why, queue.classes.fair.min_vruntime);
        cfs_place(&queue, &other, why);
        fact(FACT_RESULT, why, other.se.fair.vruntime);
    }
    irq_restore(flags);
    return 0;
}

KTEST(cfs_arrives, "who that becomes ready takes the CPU")
{
    u64 flags = irq_save();

    chance = 14;
    for (unsigned i = 0; i < 3 * CASES; i++) {
        u64 granularity;

        fill(0, true, somewhere(i), NULL);
        make(&other, 77, runs.se.fair.vruntime);
        granularity = CFS_WAKEUP_GRANULARITY_NS * NICE_0_WEIGHT / other.se.fair.weight;
        if (i % 3)
            other.se.fair.vruntime = runs.se.fair.vruntime - granularity - (i % 3 - 1);
        tell(&other);
        fact(FACT_RESULT, 0, makes_due(cfs_check_preempt, &other, &runs.se.fair));
    }
    irq_restore(flags);
    return 0;
}
