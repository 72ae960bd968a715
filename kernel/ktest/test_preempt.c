/* Lab 2.1 and 2.4: threads that never yield, and threads that sleep. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/sync.h"
#include "sched/timer.h"

static volatile u64 done;
static volatile bool stop;

/* Uses the CPU for `ns` of its own time. */
static void spin(u64 ns)
{
    u64 until = clock_ns() + ns;

    while (clock_ns() < until)
        cpu_relax();
}

static int hog(void *arg)
{
    u64 rounds = 0;

    while (!stop)
        rounds++;
    fact(FACT_ROUND, number_of(arg), rounds);
    return 0;
}

KTEST(preempt_hogs, "threads that never yield share the CPU all the same")
{
    struct test_threads threads;
    int error;

    stop = false;
    error = threads_start(&threads, 3, hog);
    thread_sleep(600 * NS_PER_MS);
    stop = true;
    threads_join(&threads);
    return error;
}

static int sleeper(void *arg)
{
    u64 ms = (4 - number_of(arg)) * 10;
    u64 began = clock_ns();

    thread_sleep(ms * NS_PER_MS);
    fact(FACT_NOTE, ms * NS_PER_MS, clock_ns() - began);
    done++;
    return 0;
}

KTEST(sleep_order, "threads wake in the order of their times, and on time")
{
    struct test_threads threads;
    int error = threads_start(&threads, 4, sleeper);

    threads_join(&threads);
    return error;
}

static struct mutex mutex = MUTEX(mutex, "tested");
static struct semaphore semaphore;
static volatile u64 shared, inside, most;

static int locker(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 200; i++) {
        mutex_lock(&mutex);
        u64 before = shared;

        if (++inside > most)
            most = inside;
        spin(50000);
        shared = before + 1;
        inside--;
        mutex_unlock(&mutex);
    }
    return 0;
}

KTEST(mutex_excludes, "a mutex keeps a counter whole under preemption")
{
    struct test_threads threads;
    int error;

    shared = inside = most = 0;
    error = threads_start(&threads, 3, locker);
    threads_join(&threads);
    fact(FACT_NOTE, shared, threads.n * 200);
    fact(FACT_ROUND, most, 1);
    return error;
}

static int pinger(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 100; i++) {
        semaphore_down(&semaphore);
        done++;
    }
    return 0;
}

KTEST(semaphore_wakes, "each up lets one down through")
{
    struct test_threads threads;
    int error;

    done = 0;
    semaphore_init(&semaphore, "tested", 0);
    error = threads_start(&threads, 2, pinger);
    for (unsigned i = 0; i < 100 * threads.n; i++)
        semaphore_up(&semaphore);
    threads_join(&threads);
    fact(FACT_NOTE, done, 100 * threads.n);
    return error;
}

static int waits_for_ever(void *arg)
{
    (void)arg;
    semaphore_down(&semaphore);
    return 1;
}

KTEST(kill_waiter, "a thread that waits can be killed")
{
    struct test_threads threads;
    int code = 0, error;

    semaphore_init(&semaphore, "tested", 0);
    error = threads_start(&threads, 1, waits_for_ever);
    if (error)
        return error;
    thread_sleep(1000000);
    thread_kill(threads.tid[0], 77);
    thread_join(threads.tid[0], &code);
    fact(FACT_EXIT_CODE, (u64)threads.tid[0], (u64)code);
    return 0;
}
