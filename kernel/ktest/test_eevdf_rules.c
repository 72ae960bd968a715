/* Lab 5.2: the small functions of EEVDF, asked one by one (fair_case.h). */
#include "ktest/fair_case.h"
#include "lib/errno.h"
#include "mm/slab.h"

#define FEW    10
#define MOST   1000
#define ROUNDS 100

static void tell_sums(void)
{
    fact(FACT_RESULT, queue.classes.fair.zero, (u64)queue.classes.fair.sum);
}

KTEST(eevdf_vtime, "the virtual time of queues with members before and behind zero")
{
    u64 flags = irq_save();

    chance = 21;
    for (unsigned i = 0; i < 2 * CASES; i++) {
        u64 around = somewhere(i);

        if (i % 8 == 5) { /* the mean of all is a ns beyond zero */
            fill(1, false, around, eevdf_summarize);
            queue.classes.fair.zero = fair_of(queue.classes.fair.tree.root)->vruntime - 1;
            queue.classes.fair.sum = (s64)queue.classes.fair.weight;
        } else {
            fill((unsigned)below(5), below(2), around, eevdf_summarize);
        }
        fact(FACT_NOTE, queue.classes.fair.zero, (u64)queue.classes.fair.sum);
        fact(FACT_RESULT, queue.classes.fair.weight, eevdf_vtime(&queue));
        tell_sums();
        fact(FACT_RESULT, 0, eevdf_vtime(&queue)); /* asked again, it is the same */
    }
    irq_restore(flags);
    return 0;
}

KTEST(eevdf_ran, "a thread has run to before, to, and beyond its deadline")
{
    u64 flags = irq_save();

    chance = 22;
    for (unsigned i = 0; i < 2 * CASES; i++) {
        struct fair_entity *e = &runs.se.fair;
        u64 grown = 1 + below(8 * MS);
        s64 sum;

        fill((unsigned)below(3), true, somewhere(i / 4), eevdf_summarize);
        e->slice = SCHED_MIN_GRANULARITY_NS + below(20 * MS);
        e->protected = i % 3;
        e->deadline = e->vruntime + (i % 4 ? grown + i % 4 - 2 : below(6 * MS)); /* a ns before, at, a ns behind */
        fact(FACT_NOTE, e->slice, e->protected);
        fact(FACT_NOTE, grown, e->deadline);
        sum = queue.classes.fair.sum;
        e->vruntime += grown;
        eevdf_ran(&queue, e, grown);
        fact(FACT_RESULT, e->protected, e->deadline);
        fact(FACT_RESULT, 0, (u64)(queue.classes.fair.sum - sum));
    }
    irq_restore(flags);
    return 0;
}

KTEST(eevdf_eligible, "threads before, at, and behind the queue's virtual time; and which of two is due first")
{
    static const u64 off[] = { -20 * MS, -1ul, 0, 1, 20 * MS };
    u64 flags = irq_save();

    chance = 23;
    for (unsigned i = 0; i < CASES; i++) {
        u64 around = somewhere(i), vtime;

        fill(1 + (unsigned)below(5), below(2), around, eevdf_summarize);
        vtime = eevdf_vtime(&queue);
        make(&other, 77, around);
        for (unsigned at = 0; at < array_len(off); at++) {
            other.se.fair.vruntime = vtime + off[at];
            tell(&other);
            fact(FACT_RESULT, 0, eevdf_eligible(&queue, &other.se.fair));
        }
        tell(&other);
        fact(FACT_RESULT, 0, eevdf_due_before(&other.se.fair, &member[0].se.fair));
        fact(FACT_RESULT, 0, eevdf_due_before(&member[0].se.fair, &other.se.fair));
        other.se.fair.deadline = member[0].se.fair.deadline; /* at the same time */
        tell(&other);
        fact(FACT_RESULT, 0, eevdf_due_before(&other.se.fair, &member[0].se.fair));
        fact(FACT_RESULT, 0, eevdf_due_before(&member[0].se.fair, &other.se.fair));
    }
    irq_restore(flags);
    return 0;
}

/* All who are found one after the other, until nobody of them is eligible; the members' sums stay as they were. */
KTEST(eevdf_first, "who is first, and who then, in trees of all sizes")
{
    u64 flags = irq_save();

    chance = 24;
    for (unsigned n = 0; n <= MEMBERS; n++) {
        struct fair_entity *first;

        fill(n, n % 3 == 0, somewhere(n), eevdf_summarize);
        while ((first = eevdf_first(&queue)) != NULL && rb_linked(&first->node)) {
            fact(FACT_RESULT, 0, (u64)thread_of_fair(first)->tid);
            rb_erase(&queue.classes.fair.tree, &first->node);
        }
        fact(FACT_RESULT, 1, first ? (u64)thread_of_fair(first)->tid : 0);
    }
    irq_restore(flags);
    return 0;
}

/* e, which runs, and m, which waits alone, are eligible and due at the same time; e became ready first, mostly. */
static void tie(struct fair_entity *e, const struct fair_entity *m)
{
    runs.since = 0;
    queue.classes.fair.sum += (s64)(m->vruntime - e->vruntime) * e->weight;
    e->vruntime = m->vruntime;
}

/* Who runs is protected or not, has a deadline of its own or that of one who waits, or one a little later, and sometimes a longer or a
   shorter slice than member[0], which just became ready. */
KTEST(eevdf_room, "whether who runs has to make room, at a tick and when another one becomes ready")
{
    u64 flags = irq_save();

    chance = 25;
    for (unsigned i = 0; i < 5 * CASES; i++) {
        struct fair_entity *e = &runs.se.fair, *m = &member[0].se.fair;
        bool protected = i % 2, tied = i % 3 == 0;

        fill(tied ? 1 : (unsigned)below(5), true, somewhere(i / 2), eevdf_summarize);
        if (tied) {
            tie(e, m);
            e->deadline = m->deadline + (protected ? below(3) : 0);
        }
        if (queue.classes.fair.nr > 1)
            m->slice = SCHED_SLICE_NS + below(3) - 1;
        tell(&runs);
        fact(FACT_NOTE, protected, m->slice);
        e->protected = protected;
        fact(FACT_RESULT, 0, tick_makes_due(eevdf_tick, e));
        fact(FACT_RESULT, 1, e->protected);
        e->protected = protected;
        fact(FACT_RESULT, 2, queue.classes.fair.nr > 1 ? makes_due(eevdf_check_preempt, &member[0], e) : 0);
        fact(FACT_RESULT, 3, e->protected);
    }
    irq_restore(flags);
    return 0;
}

/* Whether this one of those that wait is eligible and due first, by looking at each: v W <= sum of w v, both counted from `zero`. */
static bool is_first(const struct fair_entity *first, u64 zero)
{
    const struct rb_tree *tree = &queue.classes.fair.tree;
    s64 sum = 0, weight = 0;

    rb_for_each(it, tree) {
        sum += (s64)(fair_of(it)->vruntime - zero) * fair_of(it)->weight;
        weight += fair_of(it)->weight;
    }
    rb_for_each(it, tree) {
        bool eligible = (s64)(fair_of(it)->vruntime - zero) * weight <= sum;

        if (fair_of(it) == first ? !eligible : eligible && vtime_before(fair_of(it)->deadline, first->deadline))
            return false;
    }
    return true;
}

/* Every second one asks for little at a time and has had more than its share: those are due first, and not eligible. */
static void crowded(struct thread *t, unsigned i)
{
    struct fair_entity *e = &t->se.fair;

    make(t, (tid_t)i + 1, 1ul << 40);
    e->weight = NICE_0_WEIGHT;
    e->vruntime = (1ul << 40) + (i % 2 ? below(4 * MS) : -1 - below(4 * MS));
    e->deadline = e->vruntime + (i % 2 ? MS : 20 * MS);
}

/* How many nodes say that what they know of those below them has changed, though nothing has. */
static u64 say_changed(void)
{
    u64 n = 0;

    rb_for_each(it, &queue.classes.fair.tree)
        n += eevdf_summarize(it);
    return n;
}

/* With n that wait: finding the first, taking it out and putting it back. */
static void measure(struct thread *thread, unsigned n)
{
    u64 before;

    fill(0, false, 1ul << 40, eevdf_summarize);
    for (unsigned i = 0; i < n; i++) {
        crowded(&thread[i], i);
        count(&thread[i].se.fair);
        insert(&thread[i]);
    }
    before = cycles();
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct fair_entity *first = eevdf_first(&queue);

        rb_erase(&queue.classes.fair.tree, &first->node);
        first->deadline += 4 * MS;
        insert(thread_of_fair(first));
    }
    fact(FACT_COST, n, (cycles() - before) / ROUNDS);
    fact(FACT_FOUND, n, is_first(eevdf_first(&queue), 1ul << 40));
    fact(FACT_RESULT, n, say_changed());
}

KTEST(eevdf_cost, "finding who is first, with 10, 100 and 1000 that wait")
{
    struct thread *thread = kmalloc(MOST * sizeof(*thread));
    u64 flags;

    if (!thread)
        return -ENOMEM;
    flags = irq_save();
    chance = 26;
    for (unsigned n = FEW; n <= MOST; n *= 10)
        measure(thread, n);
    irq_restore(flags);
    kfree(thread);
    return 0;
}
