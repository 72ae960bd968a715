/* Labs 5.4 and 5.5: real-time and deadline threads at work. The grader replays the trace; the facts say what it does not. A unit is 10
   ms. */
#include "ktest/cast.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "sched/preempt.h"
#include "sched/timer.h"

#define MS   NS_PER_MS
#define UNIT (10 * MS)

/* Plays n parts; the caller only waits: whoever plays may have the CPU all the time. */
static int perform(const struct part *part, unsigned n, u64 ns)
{
    int error = play_begin(part, n, ns);

    if (!error)
        play_end();
    return error;
}

/* --- real-time --------------------------------------------------------------------------------------------------------------------- */

static volatile u64 step;

static int begins_and_ends(void *arg)
{
    fact(FACT_ORDER, step++, number_of(arg));
    use_cpu(2 * MS);
    fact(FACT_ORDER, step++, number_of(arg));
    return 0;
}

KTEST(rt_order, "five real-time threads that become ready together: when each begins and ends")
{
    static const struct sched_params params[] = { FIFO(10), FIFO(10), FIFO(99), RR(1), FIFO(64) };
    struct test_threads threads;
    int error;

    step = 0;
    preempt_disable();
    error = threads_start(&threads, array_len(params), begins_and_ends);
    for (unsigned i = 0; i < threads.n; i++)
        thread_set_params(threads.tid[i], &params[i]);
    preempt_enable();
    threads_join(&threads);
    return error;
}

KTEST(rt_preempted, "two FIFO hogs of one priority, and a higher one that sleeps a lot")
{
    static const struct part part[] = { { .p = FIFO(10) }, { .p = FIFO(10) }, { .p = FIFO(20), .works = MS, .rests = 4 * MS } };

    return perform(part, array_len(part), 40 * MS);
}

KTEST(rt_turns, "three RR hogs of one priority, and a higher one that sleeps a lot")
{
    static const struct part part[] = { { .p = RR(10) }, { .p = RR(10) }, { .p = RR(10) },
                                        { .p = RR(20), .works = MS, .rests = 30 * MS } };

    return perform(part, array_len(part), 700 * MS);
}

KTEST(rt_limit, "a FIFO hog and a normal one")
{
    static const struct part part[] = { { .p = FIFO(50) }, { .p = NICE(0) } };

    return perform(part, array_len(part), 350 * MS);
}

KTEST(rt_limit_default, "a FIFO hog for more than a second, and a normal one")
{
    static const struct part part[] = { { .p = FIFO(50) }, { .p = NICE(0) } };

    return perform(part, array_len(part), 1150 * MS);
}

KTEST(rt_latency, "hogs of all nice values, and two real-time threads that sleep a lot")
{
    static const struct part part[] = { { .p = NICE(-20) }, { .p = NICE(0) }, { .p = NICE(19) },
                                        { .p = FIFO(2), .works = MS / 4, .rests = 3 * MS + MS / 3 },
                                        { .p = FIFO(1), .works = 2 * MS, .rests = 2 * MS + MS / 2 } };

    return perform(part, array_len(part), 150 * MS);
}

KTEST(rt_above, "a SCHED_IDLE, a normal and a real-time thread: each but the first sleeps now and then")
{
    static const struct part part[] = { { .p = IDLE_POLICY }, { .p = NICE(0), .works = 3 * MS, .rests = 5 * MS },
                                        { .p = RR(1), .works = 2 * MS, .rests = 7 * MS }, { .p = IDLE_POLICY } };

    return perform(part, array_len(part), 120 * MS);
}

/* --- deadlines --------------------------------------------------------------------------------------------------------------------- */

#define SET(q, per) { .p = DEADLINE((q) * UNIT, (per) * UNIT, (per) * UNIT) }

KTEST(edf_two, "hogs with budgets 2 of 4 and 3 of 6 units (boot with dl_bandwidth=0)")
{
    static const struct part part[] = { SET(2, 4), SET(3, 6) };

    return perform(part, array_len(part), 36 * UNIT);
}

KTEST(edf_three, "hogs with budgets 1 of 2, 1 of 3 and 1 of 6 units (boot with dl_bandwidth=0)")
{
    static const struct part part[] = { SET(1, 2), SET(1, 3), SET(1, 6) };

    return perform(part, array_len(part), 36 * UNIT);
}

KTEST(edf_overload, "hogs with budgets 2 of 4, 3 of 6 and 1 of 12 units (boot with dl_bandwidth=0)")
{
    static const struct part part[] = { SET(2, 4), SET(3, 6), SET(1, 12) };

    return perform(part, array_len(part), 15 * UNIT);
}

KTEST(edf_hog, "honest threads with budgets 2 of 4 and 3 of 12 units, and a hog with 3 of 12 (boot with dl_bandwidth=0)")
{
    static const struct part part[] = { { .p = DEADLINE(2 * UNIT, 4 * UNIT, 0), .works = 2 * UNIT - MS / 2 },
                                        { .p = DEADLINE(3 * UNIT, 12 * UNIT, 0), .works = 3 * UNIT - MS / 2 }, SET(3, 12) };

    return perform(part, array_len(part), 120 * UNIT);
}

KTEST(edf_periods, "a hog with a budget of 2 ms in the first 5 of each 16, and a normal one")
{
    static const struct part part[] = { { .p = DEADLINE(2 * MS, 5 * MS, 16 * MS) }, { .p = NICE(0) } };

    return perform(part, array_len(part), 200 * MS);
}

KTEST(edf_sleepers, "threads with deadlines that sleep and yield, and a normal hog")
{
    static const struct part part[] = { { .p = DEADLINE(2 * MS, 10 * MS, 10 * MS), .works = MS, .rests = 6 * MS },
                                        { .p = DEADLINE(3 * MS, 8 * MS, 20 * MS), .works = 2 * MS, .rests = 2 * MS },
                                        { .p = DEADLINE(MS, 7 * MS, 0), .works = MS / 3 }, { .p = NICE(0) } };

    return perform(part, array_len(part), 250 * MS);
}

KTEST(edf_above, "a thread with deadlines, real-time ones, a normal one and a SCHED_IDLE one")
{
    static const struct part part[] = { { .p = IDLE_POLICY }, { .p = NICE(-20), .works = 3 * MS, .rests = 5 * MS },
                                        { .p = FIFO(99), .works = 2 * MS, .rests = 7 * MS },
                                        { .p = DEADLINE(2 * MS, 8 * MS, 0), .works = MS, .rests = 3 * MS } };

    return perform(part, array_len(part), 150 * MS);
}
