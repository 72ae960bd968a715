/* Lab 2.8, and first come, first served: jobs that need the CPU for times known beforehand. A unit is ten ticks, so that a tick more or
   less does not count. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/timer.h"

#define JOB_UNIT_NS (10 * NS_PER_MS)

static u64 began;

static const u8 convoy[] = { 24, 3, 3 }, mixed[] = { 6, 8, 7, 3 };
static const u8 *units;

static int job(void *arg)
{
    u64 burst = units[number_of(arg)] * JOB_UNIT_NS;

    use_cpu(burst);
    fact(FACT_WAITED, number_of(arg), clock_ns() - began - burst);
    return 0;
}

/* All jobs are there before the first one runs: nobody preempts the one who makes them. */
static int run_jobs(const u8 *bursts, unsigned n)
{
    struct thread_params params[TEST_THREADS_MAX];
    struct test_threads threads;
    int error;

    units = bursts;
    for (unsigned i = 0; i < n; i++)
        params[i] = (struct thread_params){ .entry = job, .priority = PRIORITY_NORMAL, .burst_ns = bursts[i] * JOB_UNIT_NS };
    error = threads_start_each(&threads, params, n);
    began = clock_ns();
    threads_join(&threads);
    return error;
}

KTEST(jobs_convoy, "bursts of 24, 3 and 3 units, in this order: how long each job waits")
{
    return run_jobs(convoy, array_len(convoy));
}

KTEST(jobs_mixed, "bursts of 6, 8, 7 and 3 units, in this order: how long each job waits")
{
    return run_jobs(mixed, array_len(mixed));
}

/* Bursts of 3, 1 and 4 units, with a yield in the middle of each; what is predicted after each, ns. */
static int bursts(void *arg)
{
    static const u8 burst[] = { 3, 1, 4 };
    struct thread *me = current();

    for (unsigned i = 0; i < array_len(burst); i++) {
        use_cpu(burst[i] * NS_PER_MS);
        thread_yield();
        use_cpu(burst[i] * NS_PER_MS);
        thread_sleep(NS_PER_MS);
        fact(FACT_TAU, i, cycles_to_ns(me->sjf.tau));
    }
    (void)arg;
    return 0;
}

KTEST(sjf_prediction, "a thread of known bursts: what is predicted after each")
{
    struct thread_params params = THREAD_PARAMS("bursts", bursts, NULL);
    tid_t tid;

    params.burst_ns = 10 * NS_PER_MS;
    tid = thread_create(&params);
    return tid < 0 ? tid : thread_join(tid, NULL);
}
