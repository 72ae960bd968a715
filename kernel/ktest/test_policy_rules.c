/* The policies' small functions, asked one by one: a thread that nobody runs, in a run queue of the test's own, with numbers at the limits
   of the rules. The grader goes through the same cases in the same order, and knows each answer from the rule or from its model. */
#include "base/cpu.h"
#include "ktest/ktest.h"
#include "lib/string.h"
#include "sched/policies.h"
#include "sched/preempt.h"

#define RAN   (1000 * NS_PER_SEC) /* cycles; more than any limit */
#define BOOST 5ul                 /* the present one's number */

static struct rq queue;
static struct thread runs, waits, copy;

static void set_up(void)
{
    queue = (struct rq){ .clock = BOOST * policy.mlfq_boost + 12345, .curr = &runs, .cpu = this_cpu()->id };
    list_init(&queue.ready);
    policies_init(&queue);
}

/* A thread that has run RAN cycles, `used` of them since its turn began. */
static struct thread *make(struct thread *t, enum thread_priority priority, u64 used)
{
    *t = (struct thread){ .tid = t == &runs ? 1 : 2, .priority = priority, .inherited = -1, .class = normal_class };
    t->cpu_cycles = t == queue.curr ? RAN - queue.clock : RAN;
    t->slice_start = RAN - used;
    t->since = queue.clock;
    list_init(&t->run_link);
    return t;
}

/* Whether a function makes a reschedule due. */
static bool makes_due(void (*function)(struct rq *rq, struct thread *t), struct thread *t)
{
    bool before = this_cpu()->need_resched, due;

    this_cpu()->need_resched = false;
    function(&queue, t);
    due = this_cpu()->need_resched;
    this_cpu()->need_resched = before;
    return due;
}

static u64 answers;

static void answer(u64 value)
{
    fact(FACT_RESULT, answers++, value);
}

static bool turn_begins(const struct thread *t)
{
    return t->slice_start == RAN;
}

/* --- priorities and ageing -------------------------------------------------------------------------------------------------------- */

/* By priority: a tick with a cycle of the quantum left and with none, while nobody waits; then with a cycle left while somebody waits that
   has inherited each priority, and whether that one takes the CPU when it becomes ready. */
KTEST(prio_limits, "what a tick and a new arrival mean, by priorities, at the end of a quantum and before")
{
    static const int base[SCHED_PRIORITIES] = PRIO_BASE;
    u64 flags = irq_save();

    answers = 0;
    for (enum thread_priority p = 0; p < SCHED_PRIORITIES; p++) {
        set_up();
        answer(makes_due(prio_tick, make(&runs, p, policy.quantum[p] - 1)));
        answer(makes_due(prio_tick, make(&runs, p, policy.quantum[p])));
        for (enum thread_priority other = 0; other < SCHED_PRIORITIES; other++) {
            set_up();
            make(&runs, p, policy.quantum[p] - 1);
            make(&waits, PRIORITY_IDLE, 0)->inherited = base[other];
            prio_class.enqueue_task(&queue, &waits, ENQUEUE_CHANGED);
            answer(makes_due(prio_tick, &runs));
            answer(makes_due(prio_check_preempt, &waits));
            answer(prio_first(&queue) == &waits && prio_first(&queue) == &waits); /* it stays there */
        }
    }
    irq_restore(flags);
    return 0;
}

/* By what a thread has inherited, from -1 to 63, and how often policy.ageing has passed since. */
static void levels(void)
{
    static const int inherited[] = { -1, 44, PRIO_LEVELS - 1 };
    static const u64 ages[] = { 0, 1, 18, 19, 20, 42, 43, 44, 256, 1ul << 31, (1ul << 32) + 1 };

    for (unsigned i = 0; i < array_len(inherited); i++)
        for (unsigned a = 0; a < array_len(ages); a++)
            for (u64 less = 0; less < 2; less++) {
                make(&waits, PRIORITY_LOW, 0);
                waits.inherited = inherited[i];
                queue.clock = RAN + ages[a] * policy.ageing + policy.ageing - 1 + less;
                waits.since = RAN;
                answer((u64)prio_level(&queue, &waits));
            }
}

KTEST(prio_rules, "at which level a thread is, by how long it has waited; and what joining the queue sets, for each reason")
{
    u64 flags = irq_save();

    answers = 0;
    set_up();
    levels();
    for (enum enqueue_why why = ENQUEUE_NEW; why <= ENQUEUE_CHANGED; why++)
        for (u64 left = 0; left < 2; left++) {
            set_up();
            make(&runs, PRIORITY_HIGH, policy.quantum[PRIORITY_HIGH] - left);
            runs.since = 1;
            prio_place(&queue, &runs, why);
            answer(turn_begins(&runs) | (u64)(runs.since == queue.clock) << 1);
        }
    irq_restore(flags);
    return 0;
}

/* --- feedback ---------------------------------------------------------------------------------------------------------------------- */

static struct thread *at_level(struct thread *t, unsigned level, u64 behind, u64 quantum_left, u64 allotment_used)
{
    make(t, PRIORITY_NORMAL, policy.mlfq_quantum[level] - quantum_left);
    t->since = 1;
    t->mlfq = (struct mlfq_entity){ .level = (u8)level, .boost = BOOST - behind, .allotment_start = RAN - allotment_used };
    return t;
}

static void says_mlfq(const struct thread *t, bool yes)
{
    answer(t->mlfq.level | t->mlfq.boost << 8 | (u64)(t->mlfq.allotment_start == RAN) << 16 | (u64)turn_begins(t) << 17 |
           (u64)(t->since == queue.clock) << 18 | (u64)yes << 19);
}

/* By level, boosts missed, what is left of the quantum, what was used of the allotment: the level at which the thread competes and whether
   to ask changes anything; what a tick does; what joining the queue does, for each reason. */
KTEST(mlfq_rules, "what the functions of the feedback queue answer and set, at the limits of quantum, allotment and boost")
{
    u64 flags = irq_save();

    answers = 0;
    for (unsigned level = 0; level < MLFQ_LEVELS; level++)
        for (u64 behind = 0; behind < 3; behind++)
            for (u64 left = 0; left < 2; left++)
                for (u64 part = 0; part < 3; part++) {
                    u64 allotment = policy.mlfq_allotment[level], used = part < 2 ? allotment - 1 + part : 100 * allotment;

                    set_up();
                    copy = *at_level(&runs, level, behind, left, used);
                    answer(mlfq_level(&queue, &runs));
                    answer(memcmp(&copy, &runs, sizeof(copy)) == 0);
                    says_mlfq(&runs, makes_due(mlfq_tick, &runs));
                    for (enum enqueue_why why = ENQUEUE_NEW; why <= ENQUEUE_CHANGED; why++) {
                        mlfq_place(&queue, at_level(&runs, level, behind, left, used), why);
                        says_mlfq(&runs, false);
                    }
                }
    irq_restore(flags);
    return 0;
}

/* By the level and the boosts missed of the thread that runs, and the level of the one that becomes ready. */
KTEST(mlfq_arrivals, "who takes the CPU from whom in the feedback queue, whether or not the running one has missed a boost")
{
    u64 flags = irq_save();

    answers = 0;
    for (unsigned mine = 0; mine < MLFQ_LEVELS; mine++)
        for (u64 behind = 0; behind < 2; behind++)
            for (unsigned its = 0; its < MLFQ_LEVELS; its++) {
                set_up();
                at_level(&runs, mine, behind, 1, 0);
                list_push_tail(&queue.mlfq.level[its], &at_level(&waits, its, 0, 1, 0)->run_link);
                answer(makes_due(mlfq_check_preempt, &waits));
                answer(mlfq_first(&queue) == &waits && mlfq_first(&queue) == &waits); /* it stays there */
            }
    irq_restore(flags);
    return 0;
}

/* --- shortest job first ------------------------------------------------------------------------------------------------------------ */

static const u64 numbers[] = { 1, 2, 3, 1000, 1500001, 1ul << 31, (1ul << 32) + 1, 1ul << 40 };

/* By two of the numbers: what is predicted, and from where the next burst counts; who goes first, by key; and what is guessed. */
KTEST(sjf_rules, "what is predicted after a burst, which of two jobs goes first, and the first guess")
{
    u64 flags = irq_save();

    answers = 0;
    for (unsigned i = 0; i < array_len(numbers); i++)
        for (unsigned j = 0; j < array_len(numbers); j++) {
            set_up();
            make(&runs, PRIORITY_NORMAL, 0);
            make(&waits, PRIORITY_NORMAL, 0);
            runs.cpu_cycles += numbers[j];
            runs.sjf.tau = runs.sjf.key = numbers[i];
            runs.sjf.burst_start = RAN;
            sjf_burst_ended(&queue, &runs);
            answer(runs.sjf.tau);
            answer(runs.sjf.burst_start - RAN);
            waits.sjf.key = numbers[j];
            answer(sjf_before(&runs.sjf.node, &waits.sjf.node));
        }
    for (unsigned i = 3; i < array_len(numbers); i++) { /* the first ones may be less than a cycle */
        runs.burst_ns = numbers[i];
        answer(sjf_first_guess(&runs));
    }
    runs.burst_ns = 0;
    answer(sjf_first_guess(&runs));
    irq_restore(flags);
    return 0;
}
