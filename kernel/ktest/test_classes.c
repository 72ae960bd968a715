/* Lab 5: threads of all classes that compute, sleep, yield and are changed. The facts say what each got; the grader replays the trace
   besides. The boot options say by which policy normal threads run. */
#include "base/cmdline.h"
#include "ktest/cast.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "lib/errno.h"
#include "sched/affinity.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define MS NS_PER_MS

/* --- normal threads ---------------------------------------------------------------------------------------------------------------- */

KTEST(fair_two, "hogs of nice 0 and 5")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE(5) } };

    return play(part, array_len(part), 400 * MS, 20 * MS);
}

KTEST(fair_five, "hogs of nice -10, -5, 0, 5 and 19")
{
    static const struct part part[] = { { .p = NICE(-10) }, { .p = NICE(-5) }, { .p = NICE(0) }, { .p = NICE(5) }, { .p = NICE(19) } };

    return play(part, array_len(part), 500 * MS, 60 * MS);
}

KTEST(fair_sleeper, "a hog, and a thread that slept for long and then computes")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE(0), .works = 20 * MS, .rests = 150 * MS } };
    int error = play_begin(part, array_len(part), 320 * MS);

    if (error)
        return error;
    play_until(320 * MS);
    play_end();
    return 0;
}

KTEST(fair_awakes, "two hogs, and two threads that compute a little and sleep a little")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE(3) }, { .p = NICE(0), .works = MS / 2, .rests = 4 * MS },
                                        { .p = NICE(-3), .works = 2 * MS, .rests = 7 * MS } };

    return play(part, array_len(part), 250 * MS, 10 * MS);
}

KTEST(fair_yields, "hogs, and threads that yield: some at once, some after a while")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE(0), .works = MS / 5 }, { .p = NICE(5), .works = MS },
                                        { .p = NICE(-5), .works = 3 * MS } };

    return play(part, array_len(part), 120 * MS, 10 * MS);
}

/* 0 is a hog; the caller starts another one each 2 ms, which computes for a while and ends. */
static int short_life(void *arg)
{
    (void)arg;
    use_cpu(4 * MS);
    return 0;
}

KTEST(fair_storm, "a hog, and a thread that starts others all the time")
{
    static const struct part part[] = { { .p = NICE(0) } };
    struct test_threads children = { 0 };
    int error = play_begin(part, array_len(part), 100 * MS);

    if (error)
        return error;
    play_measure();
    while (!error && children.n < TEST_THREADS_MAX) {
        error = threads_add(&children, PRIORITY_NORMAL, short_life);
        use_cpu(MS / 4);
    }
    threads_join(&children);
    play_measured();
    play_end();
    return error;
}

KTEST(fair_late, "hogs that come one after the other")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE(5), .starts = 30 * MS }, { .p = NICE(-5), .starts = 61 * MS },
                                        { .p = NICE(0), .starts = 95 * MS }, { .p = NICE(10), .starts = 130 * MS } };

    return play(part, array_len(part), 260 * MS, 140 * MS);
}

/* --- changes ----------------------------------------------------------------------------------------------------------------------- */

KTEST(fair_renice, "threads that wait, run and sleep get other nice values and slices")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE(0) }, { .p = NICE(4) },
                                        { .p = NICE(0), .works = MS, .rests = 9 * MS } };
    u64 state = 20;
    int error = play_begin(part, array_len(part), 300 * MS);

    if (error)
        return error;
    for (u64 at = 5 * MS; at < 290 * MS; at += 7 * MS + random_of(&state) % MS) {
        unsigned who = (unsigned)(random_of(&state) % (array_len(part) + 1));
        struct sched_params p = NICE_SLICE((s8)(random_of(&state) % 30) - 15, random_of(&state) % 3 ? 0 : random_of(&state) % (8 * MS));

        play_until(at);
        if (who == array_len(part)) /* the caller itself runs */
            thread_set_nice(current()->tid, p.nice / 2);
        else if (random_of(&state) % 2)
            thread_set_nice(player(who), p.nice);
        else
            thread_set_params(player(who), &p);
    }
    thread_set_nice(current()->tid, 0);
    play_end();
    return 0;
}

KTEST(fair_slices, "hogs, one of which asks for short slices, and one for long ones")
{
    static const struct part part[] = { { .p = NICE(0) }, { .p = NICE_SLICE(0, MS / 2) }, { .p = NICE_SLICE(0, 20 * MS) } };

    return play(part, array_len(part), 400 * MS, 40 * MS);
}

/* 1 and 2 sleep and wake while 0 computes; 1 asks for short slices. How late each comes: its sleeps say when they were to end. */
static int wakes(void *arg)
{
    u64 number = number_of(arg);

    while (plays()) {
        u64 due = clock_ns() + 11 * MS + number * MS / 2;

        thread_sleep_until(due);
        fact(FACT_RESPONSE, number, clock_ns() - due);
        use_cpu(MS / 4);
    }
    return 0;
}

KTEST(fair_wakes, "three hogs with long slices, and two that wake, one with a short slice and one with a long one")
{
    static const struct part part[] = { { .p = NICE_SLICE(0, 10 * MS) }, { .p = NICE_SLICE(0, 10 * MS) }, { .p = NICE_SLICE(0, 10 * MS) } };
    static const struct sched_params slice[] = { NICE_SLICE(0, MS / 2), NICE_SLICE(0, 10 * MS) };
    struct test_threads sleepers;
    int error = play_begin(part, array_len(part), 300 * MS);

    if (error)
        return error;
    error = threads_start(&sleepers, 2, wakes);
    for (unsigned i = 0; i < sleepers.n; i++)
        thread_set_params(sleepers.tid[i], &slice[i]);
    threads_join(&sleepers);
    play_end();
    return error;
}

/* --- everything -------------------------------------------------------------------------------------------------------------------- */

static struct sched_params any(u64 *state, unsigned classes)
{
    static const struct sched_params set[] = {
        NICE(0), NICE(-7), NICE(6), NICE_SLICE(0, MS), NICE_SLICE(2, 12 * MS), IDLE_POLICY, FIFO(10), FIFO(11), RR(10), RR(30),
        DEADLINE(MS, 10 * MS, 10 * MS), DEADLINE(2 * MS, 8 * MS, 20 * MS),
    };

    return set[random_of(state) % classes];
}

/* Works, rests and yields as a number decides; whatever its policy is at the moment. */
static int mixed(void *arg)
{
    u64 state = number_of(arg) + 1;

    while (plays()) {
        switch (random_of(&state) % 5) {
        case 0:
            thread_yield();
            break;
        case 1:
        case 2:
            thread_sleep(MS / 10 * (1 + random_of(&state) % 60));
            break;
        default:
            use_cpu(MS / 10 * (1 + random_of(&state) % 40));
        }
    }
    return 0;
}

/* `classes` of the policies above; each thread's CPUs change, too, where there are several. */
static int mixture(unsigned classes, unsigned n, u64 ns)
{
    static const struct part part[] = { { .p = NICE(1) } };
    struct test_threads threads;
    u64 state = 99;
    int error = play_begin(part, array_len(part), ns);

    if (error)
        return error;
    error = threads_start(&threads, n, mixed);
    for (u64 at = 3 * MS; !error && at < ns; at += MS + random_of(&state) % (4 * MS)) {
        struct sched_params p = any(&state, classes);
        tid_t tid = threads.tid[random_of(&state) % threads.n];

        play_until(at);
        thread_set_params(tid, &p);
        if (cpus_online != 1 && classes <= 10 && random_of(&state) % 2) /* whoever has deadlines is bound to its CPU */
            thread_set_affinity(tid, random_of(&state) % 3 ? cpus_online : 1ul << random_of(&state) % 2);
    }
    threads_join(&threads);
    play_end();
    return error;
}

KTEST(class_mix_fair, "normal threads that do a bit of everything, with other nice values and slices all the time")
{
    return mixture(5, 6, 250 * MS);
}

KTEST(class_mix_rt, "normal, SCHED_IDLE and real-time threads that do a bit of everything, and change from one to the other")
{
    return mixture(10, 6, 250 * MS);
}

KTEST(class_mix_all, "threads of all classes that do a bit of everything, and change from one to the other")
{
    return mixture(12, 6, 250 * MS);
}
