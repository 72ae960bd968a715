/* Several CPUs: who runs where, and for how long. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/stat.h"
#include "sched/timer.h"

#define HOGS 8
#define MOST_HOGS 16
#define HOG_NS (400 * NS_PER_MS)

static u64 hogs_end; /* ns; written before they start */

static int hog(void *arg)
{
    const struct thread *me = current();

    while (clock_ns() < hogs_end)
        ;
    fact(FACT_CPU_TIME, number_of(arg), thread_cpu_ns(me));
    fact(FACT_NOTE, number_of(arg), (u64)me->last_cpu);
    return 0;
}

KTEST(smp_hogs, "threads that never wait share the CPUs")
/* rounds= says how many. CPU_TIME: which, ns. NOTE: which, where at the end. COUNT: a CPU, its switches; its steals. */
{
    struct test_threads threads = { 0 };
    u64 n = min(option_u64("rounds") ?: HOGS, (u64)MOST_HOGS);
    int error;

    hogs_end = clock_ns() + HOG_NS;
    error = threads_start(&threads, (unsigned)n, hog);
    if (error)
        return error;
    threads_join(&threads);
    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        if (cpus[cpu].online) {
            fact(FACT_COUNT, cpu, run_queues[cpu].nr_switches);
            fact(FACT_COUNT, cpu, run_queues[cpu].nr_steals << 32 | run_queues[cpu].nr_balanced);
        }
    return 0;
}
