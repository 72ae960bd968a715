/* One workload under every policy, one after the other in one boot: what docs/policies.md shows. Four jobs sleep until the scene begins, or
   until they arrive later; from then on each computes, sleeps, computes. Only what a policy goes by differs: thread priority, nice value,
   real-time priority, or deadline. For each scene the facts say when it begins (FACT_ORDER) and who plays which job (FACT_TID). */
#include "init/monitor.h"
#include "ktest/cast.h"
#include "ktest/ktest.h"
#include "sched/policies.h"
#include "sched/preempt.h"
#include "sched/timer.h"

#define MS     NS_PER_MS
#define TENTH  (MS / 10)
#define BEGINS (5 * MS) /* after the threads are made: all of them sleep by then */

/* From when on it is ready; then `times` times: so long it computes, so long it sleeps. */
struct job {
    u64 arrives, works, rests;
    unsigned times;
    enum thread_priority priority;
    struct sched_params normal, fifo, rr, deadline;
};

/* batch, report, editor, alarm. Odd times, so that nobody comes or ends at the moment of a tick: who is first there would be a matter of
   some instructions. The budgets are a little more than the work. */
static const struct job jobs[] = {
    { 0, 1205 * TENTH, 0, 1, PRIORITY_LOW, NICE(5), FIFO(10), RR(10), DEADLINE(125 * MS, 400 * MS, 400 * MS) },
    { 105 * TENTH, 305 * TENTH, 0, 1, PRIORITY_NORMAL, NICE(0), FIFO(10), RR(10), DEADLINE(32 * MS, 150 * MS, 150 * MS) },
    { 0, 37 * TENTH, 202 * TENTH, 6, PRIORITY_NORMAL, NICE(0), FIFO(20), RR(20), DEADLINE(4 * MS, 23 * MS, 23 * MS) },
    { 605 * TENTH, 205 * TENTH, 0, 1, PRIORITY_HIGH, NICE(-5), FIFO(30), RR(30), DEADLINE(22 * MS, 90 * MS, 90 * MS) },
};

enum kind { BY_CLASS, BY_FIFO, BY_RR, BY_DEADLINE };

/* class: of normal threads. ageing: of prio, ns; 0: none. */
static const struct scene {
    const struct sched_class *class;
    u64 ageing;
    enum kind kind;
} scenes[] = {
    { &fcfs_class, 0, BY_CLASS }, { &sjf_class, 0, BY_CLASS },     { &rr_class, 0, BY_CLASS },   { &prio_class, 0, BY_CLASS },
    { &prio_class, 1 * MS, BY_CLASS }, { &mlfq_class, 0, BY_CLASS }, { &cfs_class, 0, BY_CLASS }, { &eevdf_class, 0, BY_CLASS },
    { &eevdf_class, 0, BY_FIFO }, { &eevdf_class, 0, BY_RR },      { &eevdf_class, 0, BY_DEADLINE },
};

static const struct scene *scene;
static u64 begins;

static const struct sched_params *params_of(const struct job *job)
{
    switch (scene->kind) {
    case BY_FIFO:
        return &job->fifo;
    case BY_RR:
        return &job->rr;
    case BY_DEADLINE:
        return &job->deadline;
    default:
        return &job->normal;
    }
}

static int work(void *arg)
{
    const struct job *job = &jobs[number_of(arg)];
    int error = thread_set_params(current()->tid, params_of(job));

    thread_sleep_until(begins + job->arrives);
    for (unsigned i = 0; i < job->times; i++) {
        use_cpu(job->works);
        if (i + 1 < job->times)
            thread_sleep(job->rests);
    }
    return error;
}

/* Returns 0 or an error. */
static int play_jobs(void)
{
    struct thread_params params[array_len(jobs)];
    struct test_threads threads;
    int error;

    for (unsigned i = 0; i < array_len(jobs); i++)
        params[i] = (struct thread_params){ .entry = work, .priority = jobs[i].priority, .burst_ns = jobs[i].works };
    preempt_disable();
    begins = clock_ns() + BEGINS;
    error = threads_start_each(&threads, params, array_len(jobs));
    preempt_enable();
    fact(FACT_ORDER, (u64)(scene - scenes), begins);
    for (unsigned i = 0; i < threads.n; i++)
        fact(FACT_TID, i, (u64)threads.tid[i]);
    for (unsigned i = 0; i < threads.n; i++) {
        int result = 0;

        thread_join(threads.tid[i], &result);
        error = error ? error : result;
    }
    return error;
}

KTEST(workload, "four jobs under every policy, one policy after the other")
{
    const struct sched_class *class = normal_class;
    u64 ageing = policy.ageing;
    int error = 0;

    for (scene = scenes; scene < scenes + array_len(scenes) && !error; scene++) {
        policy.ageing = scene->ageing ? ns_to_cycles(scene->ageing) : ~0ul;
        error = policy_use(scene->class);
        error = error ? error : play_jobs();
    }
    policy.ageing = ageing;
    (void)policy_use(class);
    return error;
}
