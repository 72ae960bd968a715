/* Lab 2.6 and 2.7, and round-robin's bound: threads that show what a policy does with them. Each test is meant for the policy in its
   name's first word, and says in facts what the threads saw; the grader replays the trace besides. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/policies.h"
#include "sched/preempt.h"
#include "sched/stat.h"
#include "sched/sync.h"
#include "sched/timer.h"

static volatile bool stop;
static u64 began;

/* --- threads that compete all the time ------------------------------------------------------------------------------------------- */

/* Says how long it once had to wait for the CPU. */
static int hog(void *arg)
{
    u64 last = began, longest = 0;

    while (!stop) {
        u64 now = clock_ns();

        longest = max(longest, now - last);
        last = now;
    }
    fact(FACT_RESPONSE, number_of(arg), max(longest, clock_ns() - last)); /* whoever did not run at all waited to the end */
    fact(FACT_CPU_TIME, number_of(arg), thread_cpu_ns(current()));
    return 0;
}

/* Threads of these priorities compete for ms milliseconds. */
static int compete(const enum thread_priority *priority, unsigned n, u64 ms, int (*entry)(void *))
{
    struct test_threads threads;
    int error;

    stop = false;
    began = clock_ns();
    thread_set_priority(current()->tid, PRIORITY_CRITICAL); /* where priorities count: all start before one runs */
    error = threads_start_at(&threads, priority, n, entry);
    if (!error)
        thread_sleep(ms * NS_PER_MS);
    stop = true;
    thread_set_priority(current()->tid, PRIORITY_NORMAL);
    threads_join(&threads);
    return error;
}

KTEST(rr_response, "five hogs: how long each has to wait for its next turn")
{
    static const enum thread_priority all_normal[5] = { 2, 2, 2, 2, 2 };

    return compete(all_normal, 5, 300, hog);
}

KTEST(rr_quantum, "hogs of all five priorities: turns as long as their quantum")
{
    static const enum thread_priority each[] = { 0, 1, 2, 3, 4 };

    return compete(each, 5, 330, hog);
}

/* Ageing twenty times as fast as usual: with quantum=1 the proportions are the usual ones, and the test takes a twentieth of the time.
   It lasts longer than the bound, 43 A + N (q + tick) with N = 4. */
KTEST(prio_ageing, "a hog of low priority against three of normal priority: how long it waits (boot with quantum=1)")
{
    static const enum thread_priority one_low[] = { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_NORMAL, PRIORITY_NORMAL };

    policy.ageing = ns_to_cycles(PRIO_AGEING_NS / 20);
    return compete(one_low, 4, 260, hog);
}

/* Time: 0 the low hog is ready, 115 ms the normal one, 121 ms the CPU is theirs. A level is 10 ms, so both compete at 32 then, and the low
   one was ready first; at 125 ms the normal one rises, at 130 ms the low one, at 131 ms its quantum is used up. */
KTEST(prio_overtakes, "a hog that waits rises above one that runs, in the middle of its quantum")
{
    struct test_threads threads = { 0 };
    int error;

    policy.ageing = ns_to_cycles(10 * NS_PER_MS);
    stop = false;
    thread_set_priority(current()->tid, PRIORITY_CRITICAL);
    began = clock_ns();
    error = threads_add(&threads, PRIORITY_LOW, hog);
    if (error)
        goto out;
    use_cpu(115 * NS_PER_MS);
    error = threads_add(&threads, PRIORITY_NORMAL, hog);
    if (error)
        goto out;
    use_cpu(6 * NS_PER_MS);
    thread_sleep(8 * NS_PER_MS);
out:
    stop = true;
    thread_set_priority(current()->tid, PRIORITY_NORMAL);
    threads_join(&threads);
    return error;
}

static volatile u64 step;

static void at_step(u64 who)
{
    fact(FACT_ORDER, step++, who);
}

static int note_order(void *arg)
{
    at_step(number_of(arg));
    return 0;
}

KTEST(prio_order, "five threads, made from the lowest priority to the highest: in which order they run")
{
    static const enum thread_priority each[] = { 0, 1, 2, 3, 4 };

    step = 0;
    return compete(each, 5, 1, note_order);
}

static struct semaphore gate;

/* 0, of high priority, lets 1 in, which is critical and waits, then lowers itself below 2, which is ready all the time. */
static int three_ranks(void *arg)
{
    if (number_of(arg) == 1)
        semaphore_down(&gate);
    at_step(number_of(arg));
    if (number_of(arg) == 0) {
        semaphore_up(&gate);
        at_step(0);
        thread_set_priority(current()->tid, PRIORITY_LOW);
        at_step(0);
    }
    return 0;
}

KTEST(prio_preempts, "waking a higher thread, and lowering oneself below a waiting one, take effect at once")
{
    static const enum thread_priority ranks[] = { PRIORITY_HIGH, PRIORITY_CRITICAL, PRIORITY_NORMAL };

    step = 0;
    semaphore_init(&gate, "gate", 0);
    return compete(ranks, 3, 1, three_ranks);
}

/* 0 lets 1 in, which waits and is as important, and goes on. */
static int two_equals(void *arg)
{
    if (number_of(arg)) {
        semaphore_down(&gate);
        at_step(1);
        return 0;
    }
    thread_yield(); /* now 1 waits */
    at_step(0);
    semaphore_up(&gate);
    at_step(0);
    return 0;
}

KTEST(prio_equals, "waking a thread of the same priority")
{
    static const enum thread_priority equal[] = { PRIORITY_HIGH, PRIORITY_HIGH };

    step = 0;
    semaphore_init(&gate, "gate", 0);
    return compete(equal, 2, 1, two_equals);
}

/* --- feedback -------------------------------------------------------------------------------------------------------------------- */

/* What is left of the running thread's quantum, cycles; 0 if nothing. */
static u64 quantum_left(void)
{
    u64 flags = irq_save();
    struct rq *rq = this_rq_lock();
    u64 used = thread_ran(rq, current()) - current()->slice_start;
    u64 quantum = policy.mlfq_quantum[mlfq_level(rq, current())];

    spin_unlock_irq(&rq->lock, flags);
    return used < quantum ? quantum - used : 0;
}

/* Number 0 sleeps for a moment whenever its quantum is nearly over; the other one is honest. */
static int gamer(void *arg)
{
    unsigned lowest = 0;

    if (number_of(arg))
        return hog(arg);
    while (!stop) {
        lowest = max(lowest, (unsigned)current()->mlfq.level);
        if (quantum_left() < policy.cycles_per_ms / 4)
            thread_sleep(NS_PER_MS / 10);
    }
    fact(FACT_LEVEL, 0, lowest);
    fact(FACT_CPU_TIME, 0, thread_cpu_ns(current()));
    return 0;
}

KTEST(mlfq_gamer, "a thread that sleeps just before its quantum is over, and an honest hog: who gets how much (rounds= ms)")
{
    static const enum thread_priority all_normal[] = { 2, 2 };

    return compete(all_normal, 2, option_given("rounds") ? option_u64("rounds") : 1000, gamer);
}

/* Number 0 works a little and sleeps a lot. */
static int interactive(void *arg)
{
    struct thread *me = current();

    if (number_of(arg)) {
        while (!stop)
            ;
    } else {
        for (unsigned i = 0; i < 20; i++) {
            u64 due = clock_ns() + 9 * NS_PER_MS;

            thread_sleep_until(due);
            fact(FACT_RESPONSE, i, clock_ns() - due);
            use_cpu(NS_PER_MS / 10);
        }
    }
    fact(FACT_LEVEL, number_of(arg), me->mlfq.level);
    return 0;
}

KTEST(mlfq_levels, "two hogs sink, one that sleeps a lot stays at the top and is served at once")
{
    static const enum thread_priority all_normal[] = { 2, 2, 2 };

    return compete(all_normal, 3, 350, interactive);
}

static volatile bool sinking;

/* Number 0 sinks; number 1 sinks, and sleeps when the boost comes. */
static int boosted(void *arg)
{
    const struct thread *me = current();
    u64 boost = cycles() / policy.mlfq_boost;

    while (me->mlfq.level < MLFQ_LEVELS - 1 && cycles() / policy.mlfq_boost == boost)
        ;
    if (number_of(arg)) {
        while (sinking)
            thread_sleep(NS_PER_MS);
        thread_sleep_until(cycles_to_ns((boost + 1) * policy.mlfq_boost) + 3 * NS_PER_MS);
        fact(FACT_LEVEL, 2, me->mlfq.level);
        return 0;
    }
    fact(FACT_LEVEL, 0, me->mlfq.level);
    sinking = false;
    while (cycles() / policy.mlfq_boost == boost)
        ;
    use_cpu(2 * NS_PER_MS); /* a tick or two, so that somebody looks at it */
    fact(FACT_LEVEL, 1, me->mlfq.level);
    return 0;
}

/* All begins right after a boost, and the next one is 200 ms away. */
KTEST(mlfq_boost, "two hogs sink, one goes to sleep; then comes a boost")
{
    static const enum thread_priority all_normal[] = { 2, 2 };

    policy.mlfq_boost = ns_to_cycles(200 * NS_PER_MS);
    sinking = true;
    thread_sleep(200 * NS_PER_MS - clock_ns() % (200 * NS_PER_MS) + NS_PER_MS);
    return compete(all_normal, 2, 210, boosted);
}
