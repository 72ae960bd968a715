/* Threads of all classes that compute, sleep and yield, and get other numbers and policies, as the seed decides: the grader replays the
   trace, decision by decision. */
#include "ktest/cast.h"
#include "ktest/hidden.h"
#include "sched/timer.h"

#define LEAST   4u
#define MOST    8u
#define UNIT    (NS_PER_MS / 10)
#define CHANGES 40

enum { NICED, SLICED, NORMAL_KINDS, BACKGROUND = NORMAL_KINDS, FIRST_IN_FIRST_OUT, ROUND_ROBIN, DEADLINES, ALL_KINDS };

static struct sched_params drawn(u64 kinds, u64 *draws)
{
    u64 kind = draw(draws, kinds), nice = draw(draws, 40), ms = draw(draws, 9), runtime = UNIT * (1 + draw(draws, 25)),
        deadline = runtime + UNIT * draw(draws, 200), period = deadline + UNIT * draw(draws, 150);

    switch (kind) {
    case NICED:
        return (struct sched_params)NICE((s8)(nice - 20));
    case SLICED:
        return (struct sched_params)NICE_SLICE((s8)(nice - 20), 2 * ms * NS_PER_MS + runtime);
    case BACKGROUND:
        return (struct sched_params)IDLE_POLICY;
    case FIRST_IN_FIRST_OUT:
        return (struct sched_params)FIFO((u8)(60 + nice / 10));
    case ROUND_ROBIN:
        return (struct sched_params)RR((u8)(60 + nice / 10));
    default:
        return (struct sched_params)DEADLINE(runtime, deadline, ms % 2 ? period : 0);
    }
}

static int plays_any(void *arg)
{
    u64 draws = draws_of(number_of(arg) + 1);

    while (plays()) {
        u64 what = draw(&draws, 6), units = 1 + draw(&draws, 50);

        if (what == 0)
            thread_yield();
        else if (what < 3)
            thread_sleep(UNIT * units);
        else
            use_cpu(UNIT * units);
    }
    return 0;
}

static int play_any(u64 kinds)
{
    static const struct part part[] = { { .p = NICE(1) } };
    u64 draws = draws_of(0), at = 0;
    unsigned n = (unsigned)(LEAST + draw(&draws, MOST - LEAST + 1));
    struct test_threads threads;
    int error = play_begin(part, array_len(part), CHANGES * 3 * NS_PER_MS);

    if (error)
        return error;
    error = threads_start(&threads, n, plays_any);
    for (unsigned i = 0; !error && i < CHANGES; i++) {
        tid_t tid = threads.tid[draw(&draws, n)];
        struct sched_params p;

        at += UNIT * (1 + draw(&draws, 45));
        p = drawn(kinds, &draws);
        play_until(at);
        if (p.policy == SCHED_OTHER && draw(&draws, 2))
            thread_set_nice(tid, p.nice);
        else
            thread_set_params(tid, &p);
    }
    threads_join(&threads);
    play_end();
    return error;
}

KTEST(hidden_mix_fair, "normal threads that do a bit of everything, with numbers as the seed decides")
{
    return play_any(NORMAL_KINDS);
}

KTEST(hidden_mix_classes, "threads of all classes that do a bit of everything, and change from one to the other, as the seed decides")
{
    return play_any(ALL_KINDS);
}
