/* Lab 2.1: threads that never give up the CPU. They stop by the clock, so that these tests need nothing of the later exercises. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"

static u64 end; /* ns */

static int hog(void *arg)
{
    (void)arg;
    while (clock_ns() < end)
        ;
    return 0;
}

KTEST(turns_hogs, "three threads that never yield, for 250 ms")
{
    struct test_threads threads;
    int error;

    end = clock_ns() + 250 * NS_PER_MS;
    error = threads_start(&threads, 3, hog);
    threads_join(&threads);
    return error;
}

KTEST(turns_priorities, "one thread of each priority, for 330 ms")
{
    static const enum thread_priority each[] = { 0, 1, 2, 3, 4 };
    struct test_threads threads;
    int error;

    end = clock_ns() + 330 * NS_PER_MS;
    error = threads_start_at(&threads, each, array_len(each), hog);
    threads_join(&threads);
    return error;
}

/* Uses the CPU for ns of its own time; losing it in between does not count: a look at the clock takes some 50 ns. */
static void work(u64 ns)
{
    for (u64 last = clock_ns(), now, done = 0; done < ns; last = now) {
        now = clock_ns();
        if (now - last < 100000)
            done += now - last;
    }
}

static char channel;
static volatile bool waits;

static int wakes_the_other(void)
{
    while (clock_ns() < end)
        if (waits) {
            waits = false;
            wait_over(&channel);
        }
    return 0;
}

/* Number 0: three quarters of a quantum, a wait, and then as long as it may. */
static int waits_or_wakes(void *arg)
{
    if (number_of(arg))
        return wakes_the_other();
    work(15 * NS_PER_MS);
    wait_prepare(&channel);
    waits = true;
    wait_step(&channel);
    return hog(NULL);
}

KTEST(turns_wake, "a thread that waits in the middle of its quantum, and one that wakes it at once")
{
    struct test_threads threads;
    int error;

    end = clock_ns() + 90 * NS_PER_MS;
    waits = false;
    error = threads_start(&threads, 2, waits_or_wakes);
    threads_join(&threads);
    return error;
}

/* A new priority, even the old one, asks for a decision: this thread has to make room in the middle of its quantum. */
static int interrupted(void *arg)
{
    if (number_of(arg))
        return hog(arg);
    for (unsigned i = 0; i < 3; i++) {
        fact(FACT_ORDER, i, 0);
        thread_set_priority(current()->tid, PRIORITY_NORMAL);
    }
    fact(FACT_ORDER, 3, 0);
    return hog(arg);
}

KTEST(turns_interrupted, "a thread that has to make room in the middle of its quantum, for nobody better")
{
    struct test_threads threads;
    int error;

    end = clock_ns() + 10 * NS_PER_MS;
    error = threads_start(&threads, 3, interrupted);
    threads_join(&threads);
    return error;
}
