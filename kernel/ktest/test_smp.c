/* Several CPUs: who runs where, and for how long. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/placed.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/stat.h"
#include "sched/timer.h"

#define HOGS 8
#define MOST_HOGS 16
#define HOG_NS (400 * NS_PER_MS)

static u64 hogs_end; /* ns; written before they start */

static int hog(void *arg)
{
    const struct thread *me = current();
    u64 last = clock_ns(), longest = 0, looks = 0;

    for (u64 now; (now = clock_ns()) < hogs_end; last = now, looks++)
        longest = max(longest, now - last);
    fact(FACT_CPU_TIME, number_of(arg), thread_cpu_ns(me));
    fact(FACT_ROUND, number_of(arg), looks);
    fact(FACT_RESPONSE, number_of(arg), longest);
    fact(FACT_NOTE, number_of(arg), (u64)me->last_cpu);
    return 0;
}

KTEST(smp_hogs, "threads that never wait share the CPUs")
/* rounds= says how many. CPU_TIME: which, ns. ROUND: which, how often it looked at the clock. RESPONSE: which, ns between two looks at the
   longest. NOTE: which, where at the end. COUNT: a CPU, its switches; its steals. */
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

static volatile u64 counted; /* by the thread that is suspended */

static int count_on(void *arg)
{
    (void)arg;
    while (clock_ns() < hogs_end)
        counted = counted + 1;
    return 0;
}

KTEST(smp_suspend, "a thread that runs on another CPU is suspended, and goes on")
/* NOTE 0: its state as it ran. 1: a millisecond after it was suspended. 2: how far it counted from then on until it was resumed. 3: whether
   it counted after that. */
{
    struct test_threads threads = { 0 };
    struct thread *t;
    u64 before;
    int error;

    hogs_end = clock_ns() + HOG_NS;
    error = threads_start(&threads, 1, count_on);
    if (error)
        return error;
    thread_sleep(HOG_NS / 8); /* it runs */
    t = thread_find(threads.tid[0]);
    fact(FACT_NOTE, 0, t->state);
    error = thread_suspend(t->tid);
    for (u64 until = clock_ns() + NS_PER_MS; clock_ns() < until;)
        cpu_relax();
    before = counted;
    fact(FACT_NOTE, 1, t->state);
    thread_sleep(HOG_NS / 8);
    fact(FACT_NOTE, 2, counted - before);
    thread_resume(t->tid);
    thread_sleep(HOG_NS / 8);
    fact(FACT_NOTE, 3, counted != before);
    threads_join(&threads);
    return error;
}

static u32 at_it; /* [a] threads that are where the panic is to find them */

static int compute_on(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&at_it, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&at_it, __ATOMIC_RELAXED))
        cpu_relax();
    return 0;
}

static int keep_interrupts_off(void *arg)
{
    int result;

    irq_disable();
    result = compute_on(arg);
    irq_enable();
    return result;
}

KTEST(panic_others, "a panic while one CPU computes, one has its interrupts off, and one idles")
{
    int error;

    if (!start_on(1, keep_interrupts_off, NULL, &error) || !start_on(2, compute_on, NULL, &error))
        return error;
    while (__atomic_load_n(&at_it, __ATOMIC_ACQUIRE) < 2)
        cpu_relax();
    panic("ktest: the others are to say where they are");
}
