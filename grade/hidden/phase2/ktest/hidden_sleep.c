/* Random timers on a queue of the test's own, and threads that sleep to random moments, several of them to the same one. */
#include "ktest/hidden.h"
#include "ktest/threads.h"
#include "sched/timer.h"

#define TIMERS 56
#define STEPS  500

static struct timer_queue waiting;
static struct timer each[TIMERS];
static bool set[TIMERS];

static bool pop(u64 now)
{
    struct timer *t;

    while ((t = timer_pop_expired(&waiting, now))) {
        u64 n = (u64)(t - each);

        fact(FACT_POPPED, now, n);
        if (n >= TIMERS || !set[n])
            return false;
        set[n] = false;
    }
    fact(FACT_POPPED, now, ~0ul);
    return true;
}

KTEST(hidden_timers, "timers are set, in any order and to equal times, and expire, as the seed decides")
{
    static const u64 beginnings[] = { 0, (1ul << 31) - 2000, (1ul << 63) - 3000, ~0ul - 2500 };
    u64 draws = draws_of(0), now = beginnings[draw(&draws, array_len(beginnings))];

    rb_tree_init(&waiting.tree, NULL);
    for (unsigned i = 0; i < TIMERS; i++)
        set[i] = false;
    for (unsigned step = 0; step < STEPS; step++) {
        u64 n = draw(&draws, TIMERS);

        if (!set[n]) {
            rb_node_init(&each[n].node);
            each[n].expires = now + 10 * draw(&draws, 60);
            set[n] = true;
            timer_insert(&waiting, &each[n]);
        } else {
            now += draw(&draws, 40);
            if (!pop(now))
                return 0;
        }
    }
    pop(now + 1000);
    return 0;
}

#define LEAST  6
#define MOST   14
#define SLEEPS 8
#define UNIT   (NS_PER_MS / 2)

static u64 start;

static int sleeper(void *arg)
{
    u64 n = number_of(arg), draws = draws_of(n + 1);

    for (unsigned i = 0; i < SLEEPS; i++) {
        u64 until = start + ((clock_ns() - start) / UNIT + 1 + draw(&draws, 12)) * UNIT;

        if (until - clock_ns() < UNIT / 4)
            until += UNIT;
        fact(FACT_EXPECTED, n, until);
        thread_sleep_until(until);
        fact(FACT_ORDER, n, until);
    }
    return 0;
}

KTEST(hidden_sleepers, "threads sleep to moments that the seed decides")
{
    u64 draws = draws_of(0);
    struct test_threads threads;
    int error;

    start = clock_ns();
    error = threads_start(&threads, (unsigned)(LEAST + draw(&draws, MOST - LEAST + 1)), sleeper);
    threads_join(&threads);
    return error;
}
