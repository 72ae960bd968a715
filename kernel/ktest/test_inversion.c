/* Lab 2.6c: what lending a priority is good for. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/sync.h"
#include "sched/timer.h"

static struct mutex mutex[3];

static void set_up(void)
{
    for (unsigned i = 0; i < array_len(mutex); i++)
        mutex_init(&mutex[i], "one of them");
}

#define WORK_NS (3 * NS_PER_MS)

static volatile bool stop;

/* Uses the CPU for ns of its own time. */
static void work(u64 ns)
{
    for (u64 last = clock_ns(), now, done = 0; done < ns; last = now) {
        now = clock_ns();
        if (now - last < 100000)
            done += now - last;
    }
}

static int low_owner(void *arg)
{
    (void)arg;
    mutex_lock(&mutex[0]);
    work(WORK_NS);
    mutex_unlock(&mutex[0]);
    return 0;
}

static int medium_hog(void *arg)
{
    u64 until = clock_ns() + 60 * NS_PER_MS;

    (void)arg;
    while (!stop && clock_ns() < until)
        ;
    return 0;
}

static int high_waiter(void *arg)
{
    u64 began = clock_ns();

    (void)arg;
    mutex_lock(&mutex[0]);
    fact(FACT_NOTE, clock_ns() - began, WORK_NS);
    mutex_unlock(&mutex[0]);
    stop = true;
    return 0;
}

/* This thread is above all of them while it sets them up, so that each comes into its own when it sleeps. */
KTEST(inherit_inversion, "a thread of high priority waits for a mutex that one of low priority owns, while one of medium priority runs")
{
    static int (*const entry[])(void *) = { low_owner, medium_hog, high_waiter };
    static const enum thread_priority priority[] = { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH };
    struct test_threads threads = { .n = 0 };
    int error = 0;

    set_up();
    stop = false;
    thread_set_priority(current()->tid, PRIORITY_CRITICAL);
    for (unsigned i = 0; i < array_len(entry) && !error; i++) {
        error = threads_add(&threads, priority[i], entry[i]);
        thread_sleep(NS_PER_MS);
    }
    threads_join(&threads);
    thread_set_priority(current()->tid, PRIORITY_NORMAL);
    return error;
}

static volatile u64 wrong, lent;

/* Takes two of the three mutexes, in their order. */
static int lock_pairs(void *arg)
{
    for (unsigned i = 0; i < 8; i++) {
        u64 skip = (number_of(arg) + i) % 3;

        for (unsigned m = 0; m < 3; m++)
            if (m != skip)
                mutex_lock(&mutex[m]);
        thread_yield();
        lent += current()->inherited != -1;
        for (unsigned m = 0; m < 3; m++)
            if (m != skip)
                mutex_unlock(&mutex[m]);
        wrong += current()->inherited != -1;
    }
    return 0;
}

KTEST(inherit_race, "four threads of different priorities take three mutexes, two at a time")
{
    static const enum thread_priority rising[] = { 0, 1, 2, 3 };
    struct test_threads threads;
    int error;

    set_up();
    wrong = lent = 0;
    error = threads_start_at(&threads, rising, array_len(rising), lock_pairs);
    threads_join(&threads);
    fact(FACT_NOTE, wrong, 0);
    fact(FACT_COUNT, 0, lent);
    return error;
}
