/* Lab 4.6: work stealing. Threads that compute are put on CPUs by hand. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/hogs.h"
#include "sched/affinity.h"
#include "sched/balance.h"
#include "sched/timer.h"

#define CPUS 4u

/* Which of the threads belongs to CPU 0 now and did not before; ~0: none. */
static u64 who_came(const struct test_threads *threads, const int *was)
{
    for (unsigned i = 0; i < threads->n; i++)
        if (was[i] && !thread_find(threads->tid[i])->last_cpu)
            return i;
    return ~0ul;
}

/* steal_work() as CPU 0's idle loop calls it. */
static bool steal_once(u64 step, const struct test_threads *threads)
{
    int was[TEST_THREADS_MAX];
    u64 flags = irq_save();
    bool found;

    for (unsigned i = 0; i < threads->n; i++)
        was[i] = thread_find(threads->tid[i])->last_cpu;
    fact(FACT_LOAD, step, waiting_now());
    this_rq()->migrate_why = MIGRATE_STEAL;
    found = steal_work(&run_queues[0]);
    this_rq()->migrate_why = MIGRATE_WAKE;
    fact(FACT_LOAD, step, waiting_now());
    fact(FACT_RETURNED, step, found);
    fact(FACT_FOUND, step, who_came(threads, was));
    irq_restore(flags);
    return found;
}

KTEST(steal_step, "one CPU steals once, with so many threads on each, some of them bound")
/* For each of crowds[]: LOAD: those that wait, before; LOAD after; RETURNED; FOUND: who came, its number. */
{
    static const struct crowd crowds[] = {
        { .free = { 0, 4, 2, 1 } },
        { .free = { 0, 0, 2, 0 }, .bound = { 0, 5, 0, 4 } },
        { .free = { 0, 0, 0, 0 }, .bound = { 0, 3, 3, 2 } },
        { .free = { 0, 1, 1, 1 } },
        { .free = { 5, 1, 2, 3 } },
        { .free = { 0, 0, 0, 3 }, .bound = { 4, 4, 4, 0 } },
    };
    struct place place[TEST_THREADS_MAX];
    struct test_threads threads;
    int error = 0;

    stay_on_cpu_0();
    for (unsigned i = 0; i < array_len(crowds) && !error; i++) {
        error = placed_start(&threads, place, places_of(place, &crowds[i]));
        if (!error) {
            steal_once(i, &threads);
            placed_end(&threads);
        }
    }
    stay_no_more();
    return error;
}

KTEST(steal_order, "one CPU steals until nobody is left to be stolen")
/* As above. On CPU 1, number 0 runs, and 1 to 5 wait: of these priorities, expected to compute so long. */
{
    static const struct place place[] = {
        { .cpu = 1, .priority = PRIORITY_CRITICAL, .burst_ns = NS_PER_MS },
        { .cpu = 1, .priority = PRIORITY_LOW, .burst_ns = 5 * NS_PER_MS },
        { .cpu = 1, .priority = PRIORITY_HIGH, .burst_ns = 9 * NS_PER_MS },
        { .cpu = 1, .priority = PRIORITY_IDLE, .burst_ns = 3 * NS_PER_MS },
        { .cpu = 1, .priority = PRIORITY_LOW, .burst_ns = 7 * NS_PER_MS },
        { .cpu = 1, .priority = PRIORITY_NORMAL, .burst_ns = 4 * NS_PER_MS },
    };
    struct test_threads threads;
    int error;

    stay_on_cpu_0();
    error = placed_start(&threads, place, array_len(place));
    if (!error) {
        u64 flags = irq_save();

        for (u64 step = 0; step < threads.n && steal_once(step, &threads); step++)
            continue;
        irq_restore(flags);
        placed_end(&threads);
    }
    stay_no_more();
    return error;
}

#define MIXED 10u

static u64 turns_of_each; /* written before they start */

/* One of 0 to below - 1; the same ones in every run. */
static u64 next(u64 *state, u64 below)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return (*state >> 33) % below;
}

/* Computes, for so many steps. */
static void use_steps(u64 n)
{
    for (volatile u64 i = 0; i < n; i++)
        ;
}

/* Computes, sleeps and yields, a little differently each. */
static int mixed(void *arg)
{
    u64 state = number_of(arg) + 1, turns = 0;

    while (turns < turns_of_each) {
        use_steps(1000 * (1 + next(&state, 100)));
        turns++;
        switch (next(&state, 4)) {
        case 0:
            thread_yield();
            break;
        case 1:
            break;
        default:
            thread_sleep(NS_PER_MS / 10 * next(&state, 20));
        }
    }
    fact(FACT_TURN, number_of(arg), turns);
    return 0;
}

KTEST(steal_mix, "threads that compute and sleep, on all CPUs")
/* TURN: who, turns at its end (rounds= of them). COUNT: a CPU, how often it stole. */
{
    struct test_threads threads = { 0 };
    int error;

    turns_of_each = option_u64("rounds") ?: 12;
    error = threads_start(&threads, MIXED, mixed);
    if (error)
        return error;
    threads_join(&threads);
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        fact(FACT_COUNT, cpu, run_queues[cpu].nr_steals);
    return 0;
}

/* Computes, for longer than a tick and never as long as another one. */
static int hog(void *arg)
{
    u64 state = number_of(arg) + 1;

    use_steps(1000000 + next(&state, 8000000));
    return 0;
}

KTEST(steal_hogs, "threads that compute for many ticks, some much longer than others")
/* COUNT: a CPU, how often it stole. */
{
    struct test_threads threads = { 0 };
    int error = threads_start(&threads, TEST_THREADS_MAX, hog);

    if (error)
        return error;
    threads_join(&threads);
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        fact(FACT_COUNT, cpu, run_queues[cpu].nr_steals);
    return 0;
}

static void tell_steals(u64 step)
{
    u64 tries = 0, steals = 0;

    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        tries += run_queues[cpu].nr_steal_tries;
        steals += run_queues[cpu].nr_steals;
    }
    fact(FACT_COUNT, step << 32 | tries, steals);
}

/* While CPUs 1 to 3 idle, a thread that waits is set free, though not for CPU 2, and the first of them, which is told, gets a thread of its
   own at once. */
static int give_other_work(tid_t waits)
{
    struct thread_params params = THREAD_PARAMS("late", hog, NULL);
    int error;
    struct thread *t = thread_new(&params, &error);
    u64 flags;

    if (!t)
        return error;
    thread_set_affinity(t->tid, 1ul << 1);
    flags = irq_save();
    thread_set_affinity(waits, ~(1ul << 2));
    thread_launch(t);
    irq_restore(flags);
    thread_sleep(5 * run_queues[0].tick_ns);
    thread_join(t->tid, NULL);
    return 0;
}

KTEST(steal_told, "a CPU that is told of somebody who waits has other work before it looks")
/* Whether somebody else takes him, the trace says. */
{
    static const struct place bound[] = {
        { .kind = PLACE_KTHREAD, .priority = PRIORITY_NORMAL }, { .kind = PLACE_BOUND, .priority = PRIORITY_NORMAL },
    };
    struct test_threads threads;
    int error;

    stay_on_cpu_0();
    error = placed_start(&threads, bound, array_len(bound));
    if (!error) {
        thread_sleep(5 * run_queues[0].tick_ns); /* the others look, and idle */
        error = give_other_work(threads.tid[1]);
        placed_end(&threads);
    }
    stay_no_more();
    return error;
}

static int long_hog(void *unused)
{
    (void)unused;
    use_steps(20000000);
    return 0;
}

/* As above, but CPU 1, which has looked in vain, is busy with a thread of its own when the other one is set free. */
static int give_work_before(tid_t waits)
{
    struct thread_params params = THREAD_PARAMS("early", long_hog, NULL);
    int error;
    struct thread *t = thread_new(&params, &error);

    if (!t)
        return error;
    thread_set_affinity(t->tid, 1ul << 1);
    thread_launch(t);
    thread_sleep(2 * run_queues[0].tick_ns);
    thread_set_affinity(waits, ~0ul);
    thread_sleep(5 * run_queues[0].tick_ns);
    thread_join(t->tid, NULL);
    return 0;
}

KTEST(steal_busy, "a CPU that looked in vain and is busy now, and others that idle, when there is somebody who waits")
/* Whether one of those takes him, the trace says. */
{
    static const struct place bound[] = {
        { .kind = PLACE_KTHREAD, .priority = PRIORITY_NORMAL }, { .kind = PLACE_BOUND, .priority = PRIORITY_NORMAL },
    };
    struct test_threads threads;
    int error;

    stay_on_cpu_0();
    error = placed_start(&threads, bound, array_len(bound));
    if (!error) {
        thread_sleep(5 * run_queues[0].tick_ns); /* the others look, and idle */
        error = give_work_before(threads.tid[1]);
        placed_end(&threads);
    }
    stay_no_more();
    return error;
}

KTEST(steal_vain, "CPUs with nothing to do, while others wait who may not leave")
/* COUNT: step << 32 | tries of the CPUs 1 to 3, and how many of them found somebody. 0: when 4 threads have begun that are bound to CPU 0;
   1: after 20 ticks, at each of which CPU 3 had something to do; 2: 10 ticks after two of them that wait were set free. */
{
    static const struct place bound[] = {
        { .kind = PLACE_KTHREAD, .priority = PRIORITY_NORMAL }, { .kind = PLACE_BOUND, .priority = PRIORITY_NORMAL },
        { .kind = PLACE_KTHREAD, .priority = PRIORITY_NORMAL }, { .kind = PLACE_BOUND, .priority = PRIORITY_NORMAL },
    };
    struct test_threads threads;
    int error;

    stay_on_cpu_0();
    error = placed_start(&threads, bound, array_len(bound));
    if (!error) {
        u64 tick = run_queues[0].tick_ns;

        error = thread_set_affinity(current()->tid, 1ul << 3);
        tell_steals(0);
        for (unsigned i = 0; i < 20 && !error; i++)
            thread_sleep(tick);
        tell_steals(1);
        thread_set_affinity(threads.tid[1], ~0ul);
        thread_set_affinity(threads.tid[3], ~0ul);
        thread_sleep(10 * tick);
        tell_steals(2);
        placed_end(&threads);
    }
    stay_no_more();
    return error;
}
