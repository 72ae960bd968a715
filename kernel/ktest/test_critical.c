/* Lab 2.2: sections that nobody may interrupt. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/preempt.h"

#define ROUNDS 100

static volatile u64 shared;

static int add_in_critical(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        u64 was = critical_enter();

        shared = shared + 1;
        critical_exit(was);
    }
    return 0;
}

KTEST(critical_counter, "a counter that three threads change in critical sections loses nothing")
{
    struct test_threads threads;
    int error;

    shared = 0;
    error = threads_start(&threads, 3, add_in_critical);
    threads_join(&threads);
    fact(FACT_NOTE, shared, threads.n * ROUNDS);
    return error;
}

static int add_without_preemption(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        preempt_disable();
        shared = shared + 1;
        preempt_enable();
    }
    return 0;
}

KTEST(preempt_counter, "the same with preemption off")
{
    struct test_threads threads;
    int error;

    shared = 0;
    error = threads_start(&threads, 3, add_without_preemption);
    threads_join(&threads);
    fact(FACT_NOTE, shared, threads.n * ROUNDS);
    return error;
}
