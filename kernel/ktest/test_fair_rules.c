/* Labs 5.1 to 5.3: the small functions of CFS and EEVDF, asked one by one with numbers that look like chance: threads that nobody runs, in
   a run queue of the test's own. Each case is told before the answers; the grader computes the same from the rules. */
#include "base/cpu.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "sched/fair.h"

#define MEMBERS  12 /* of the queue, at most */
#define CASES    30
#define MS       NS_PER_MS

static struct rq queue;
static struct thread runs, member[MEMBERS], other;
static u64 state;

static u64 below(u64 n)
{
    return random_of(&state) % n;
}

static bool makes_due(void (*function)(struct rq *rq, struct thread *t, struct fair_entity *e), struct thread *t, struct fair_entity *e)
{
    bool before = this_cpu()->need_resched, due;

    this_cpu()->need_resched = false;
    function(&queue, t, e);
    due = this_cpu()->need_resched;
    this_cpu()->need_resched = before;
    return due;
}

static void set_up(void)
{
    queue = (struct rq){ .clock = 1000000, .curr = &runs, .cpu = this_cpu()->id };
    rb_tree_init(&queue.classes.fair.tree, NULL);
    runs = (struct thread){ .tid = 1000, .class = normal_class };
}

/* A thread of some weight. Numbers near `around`, which may be where 64 bits wrap. */
static void make(struct thread *t, tid_t tid, u64 around)
{
    *t = (struct thread){ .tid = tid, .class = normal_class, .since = below(3) };
    t->se.fair = (struct fair_entity){ .weight = sched_nice_to_weight[below(40)], .slice = SCHED_SLICE_NS,
                                       .vruntime = around + below(16 * MS) - 8 * MS };
    t->se.fair.deadline = t->se.fair.vruntime + below(4 * MS);
    rb_node_init(&t->se.fair.node);
}

static void count(struct fair_entity *e)
{
    e->member = true;
    queue.classes.fair.nr++;
    queue.classes.fair.weight += e->weight;
    queue.classes.fair.sum += (s64)(e->vruntime - queue.classes.fair.zero) * e->weight;
}

/* Tells a member: weight, vruntime; deadline, since. */
static void tell(const struct thread *t)
{
    fact(FACT_NOTE, t->se.fair.weight, t->se.fair.vruntime);
    fact(FACT_NOTE, t->se.fair.deadline, t->since);
}

/* A queue with n that wait, and one that runs if `running`; tells how many, then each, then who runs. */
static void fill(unsigned n, bool running, u64 around, void (*summarize)(struct rb_node *node))
{
    set_up();
    queue.classes.fair.zero = around;
    queue.classes.fair.tree.summarize = summarize;
    fact(FACT_COUNT, n, running);
    for (unsigned i = 0; i < n; i++) {
        make(&member[i], (tid_t)i + 1, around);
        count(&member[i].se.fair);
        rb_insert(&queue.classes.fair.tree, &member[i].se.fair.node, fair_before);
        tell(&member[i]);
    }
    if (!running)
        return;
    make(&runs, 1000, around);
    count(&runs.se.fair);
    tell(&runs);
}

/* Half of the cases are where virtual time wraps. */
static u64 somewhere(unsigned i)
{
    return i % 2 ? below(MS) : 1ul << 40;
}

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

    state = 7;
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

    state = 11;
    for (unsigned i = 0; i < CASES; i++) {
        u64 around = somewhere(i);

        fill((unsigned)below(4), below(2), around, NULL);
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

    state = 12;
    for (unsigned i = 0; i < CASES; i++) {
        struct fair_entity *e = &runs.se.fair, *first;
        u64 slice;

        fill(i < 3 ? 0 : (unsigned)below(MEMBERS + 1), true, somewhere(i), NULL);
        if (i % 5 == 0)
            queue.classes.fair.nr += 90; /* as if there were many more, of no weight */
        fact(FACT_NOTE, 1, queue.classes.fair.nr);
        slice = cfs_slice(&queue, e);
        fact(FACT_RESULT, 0, slice);
        for (u64 more = 0; more < 2; more++) {
            runs.se.charged = 5000 + slice - 1 + more;
            e->picked_at = 5000;
            this_cpu()->need_resched = false;
            cfs_tick(&queue, e);
            fact(FACT_RESULT, 1 + more, this_cpu()->need_resched);
            this_cpu()->need_resched = false;
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

    state = 13;
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

    state = 14;
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
