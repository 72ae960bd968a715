/* Every policy of phase 2 on the same mixture: threads that compute, yield, sleep, change their priority, and are stopped and let go on,
   as a number decides. The facts say nothing; the grader replays the trace, decision by decision. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/policies.h"
#include "sched/timer.h"

#define THREADS 6
#define STEPS   14
#define UNIT    (NS_PER_MS / 10)

/* One of 0 to below - 1; the same ones in every run (Knuth's linear congruential generator). */
static u64 next(u64 *state, u64 below)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return (*state >> 33) % below;
}

static int mixed(void *arg)
{
    u64 state = number_of(arg);

    for (unsigned i = 0; i < STEPS; i++) {
        switch (next(&state, 6)) {
        case 0:
            thread_yield();
            break;
        case 1:
        case 2:
            thread_sleep(UNIT * (1 + next(&state, 50)));
            break;
        case 3:
            thread_set_priority(current()->tid, (enum thread_priority)next(&state, 5));
            break;
        case 4:
            use_cpu(UNIT * (1 + next(&state, 300)));
            break;
        default:
            use_cpu(UNIT * (1 + next(&state, 20)));
        }
    }
    return 0;
}

/* What is done to the threads from outside, whatever they are at: they wait, run or sleep. */
static void disturb(const struct test_threads *threads)
{
    u64 state = 4711;

    for (unsigned i = 0; i < STEPS; i++) {
        tid_t tid = threads->tid[next(&state, threads->n)];

        thread_sleep(UNIT * (1 + next(&state, 60)));
        thread_set_priority(threads->tid[next(&state, threads->n)], (enum thread_priority)next(&state, 5));
        thread_suspend(tid);
        thread_sleep(UNIT * (1 + next(&state, 30)));
        thread_resume(tid);
    }
}

static int mixture(void)
{
    static const enum thread_priority each[THREADS] = { 0, 1, 2, 3, 4, 0 };
    struct test_threads threads;
    int error;

    thread_set_priority(current()->tid, PRIORITY_CRITICAL); /* where priorities count: all start before one runs */
    error = threads_start_at(&threads, each, THREADS, mixed);
    if (!error)
        disturb(&threads);
    thread_set_priority(current()->tid, PRIORITY_NORMAL);
    threads_join(&threads);
    return error;
}

KTEST(policy_mix, "threads that do a bit of everything, with ageing so fast that they overtake each other")
{
    policy.ageing = ns_to_cycles(2 * NS_PER_MS);
    return mixture();
}

KTEST(policy_mix_fast, "the same with ageing and boosts so fast that everybody is lifted, to the top, within a few ms")
{
    policy.ageing = ns_to_cycles(NS_PER_MS / 5);
    policy.mlfq_boost = ns_to_cycles(25 * NS_PER_MS);
    return mixture();
}
