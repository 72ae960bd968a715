/* Random mixtures under a policy whose numbers are random, too: the grader replays the trace, decision by decision. */
#include "ktest/hidden.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/policies.h"
#include "sched/timer.h"

#define LEAST 7
#define MOST  14
#define STEPS 16
#define UNIT  (NS_PER_MS / 10)

enum { YIELDS, CHANGES, WORKS, WORKS_LONG, SLEEPS, KINDS };

static u64 kinds; /* those below it take part */

static int mixed(void *arg)
{
    u64 draws = draws_of(number_of(arg) + 1);

    for (unsigned i = 0; i < STEPS; i++) {
        switch (draw(&draws, kinds)) {
        case YIELDS:
            thread_yield();
            break;
        case CHANGES:
            thread_set_priority(current()->tid, (enum thread_priority)draw(&draws, SCHED_PRIORITIES));
            break;
        case WORKS:
            use_cpu(UNIT * (1 + draw(&draws, 15)));
            break;
        case WORKS_LONG:
            use_cpu(UNIT * (1 + draw(&draws, 90)));
            break;
        default:
            thread_sleep(UNIT * (1 + draw(&draws, 60)));
        }
    }
    return 0;
}

/* To the threads from outside, whatever they are at. */
static void disturb(const struct test_threads *threads, u64 *draws)
{
    for (unsigned i = 0; i < STEPS; i++) {
        tid_t tid = threads->tid[draw(draws, threads->n)];

        thread_sleep(UNIT * (1 + draw(draws, 50)));
        thread_set_priority(threads->tid[draw(draws, threads->n)], (enum thread_priority)draw(draws, SCHED_PRIORITIES));
        thread_suspend(tid);
        thread_sleep(UNIT * (1 + draw(draws, 25)));
        thread_resume(tid);
    }
}

static u64 some(u64 *draws, u64 least_units, u64 most_units)
{
    return ns_to_cycles(UNIT * (least_units + draw(draws, most_units - least_units + 1)));
}

static void numbers(u64 *draws)
{
    for (unsigned p = 0; p < SCHED_PRIORITIES; p++)
        policy.quantum[p] = some(draws, 5, 60);
    for (unsigned level = 0; level < MLFQ_LEVELS; level++) {
        policy.mlfq_quantum[level] = some(draws, 5, 15) << level;
        policy.mlfq_allotment[level] = policy.mlfq_quantum[level] + some(draws, 5, 20);
    }
    policy.mlfq_boost = some(draws, 200, 900);
    policy.sjf_first_tau = some(draws, 2, 80);
}

static int mixture(u64 how_many_kinds)
{
    u64 draws = draws_of(0);
    struct thread_params params[MOST];
    struct test_threads threads;
    unsigned n = (unsigned)(LEAST + draw(&draws, MOST - LEAST + 1));
    int error;

    kinds = how_many_kinds;
    numbers(&draws);
    for (unsigned i = 0; i < n; i++) {
        u64 burst = UNIT * draw(&draws, 80);

        params[i] = (struct thread_params){ .entry = mixed, .burst_ns = burst };
        params[i].priority = (enum thread_priority)draw(&draws, SCHED_PRIORITIES);
    }
    thread_set_priority(current()->tid, PRIORITY_CRITICAL); /* where priorities count: all start before one runs */
    error = threads_start_each(&threads, params, n);
    if (!error && kinds > SLEEPS)
        disturb(&threads, &draws);
    thread_set_priority(current()->tid, PRIORITY_NORMAL);
    threads_join(&threads);
    return error;
}

KTEST(hidden_turns, "threads that compute, yield and change their priority, as the seed decides")
{
    return mixture(SLEEPS);
}

KTEST(hidden_mix, "the same with sleeps and with threads that are stopped and let go on; nobody ages")
{
    policy.ageing = ns_to_cycles(1000 * NS_PER_SEC);
    return mixture(KINDS);
}

KTEST(hidden_mix_ageing, "the same, and who waits ages")
{
    u64 draws = draws_of(99);

    policy.ageing = some(&draws, 2, 25);
    return mixture(KINDS);
}
