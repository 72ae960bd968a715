/* The scheduling classes on one CPU whose time is moved by hand (sched_machine.c). The cases random_* do random things with threads of all
   classes and print the trace, which the models replay; the others measure what kernel/sched promises and print `fact NAME VALUE`. */
#include "class_cases.h"

#define STEPS 2500
#define UNIT_NS (10 * NS_PER_MS) /* of the deadline experiments */

/* --- random operations ----------------------------------------------------------------------------------------------------------- */

static struct sched_params random_params(void)
{
    static const u8 policies[] = { SCHED_OTHER, SCHED_OTHER, SCHED_OTHER, SCHED_BATCH, SCHED_FIFO, SCHED_RR, SCHED_IDLE, SCHED_DEADLINE };
    static const u64 slices[] = { 0, 0, 0, 100000, 1000000, 7000000, 300000000 };
    struct sched_params p = { .policy = policies[random_below(array_len(policies))], .nice = (s8)((int)random_below(40) - 20) };

    if (p.policy == SCHED_FIFO || p.policy == SCHED_RR)
        p.rt_priority = (u8)(1 + random_below(4) * 30);
    if (p.policy == SCHED_OTHER)
        p.runtime = slices[random_below(array_len(slices))];
    if (p.policy == SCHED_DEADLINE) {
        p.period = (10 + random_below(50)) * NS_PER_MS;
        p.deadline = random_below(2) ? p.period : p.period / 2 + random_below(p.period / 2);
        p.runtime = NS_PER_MS + random_below(p.deadline / 8);
    }
    return p;
}

static struct thread *random_thread(void)
{
    return host_thread((tid_t)(1 + random_below(THREADS)));
}

static void random_change(struct thread *t)
{
    struct sched_params p = random_params();
    int error;

    if (random_below(2)) {
        CHECK(!thread_set_nice(t->tid, p.nice));
        return;
    }
    error = thread_set_params(t->tid, &p);
    CHECK(!error || (error == -16 && p.policy == SCHED_DEADLINE));
}

/* t inherits something: of any class, or nothing any more. */
static void random_lend(struct thread *t)
{
    static const int levels[] = { -1, -1, LEVEL_IDLE, 8, 44, LEVEL_RT + 1, LEVEL_RT + 31, LEVEL_RT + 99, LEVEL_DEADLINE, LEVEL_DEADLINE };
    int level = levels[random_below(array_len(levels))];

    t->se.dl.offer = level == LEVEL_DEADLINE ? clock_ns() + random_below(60 * NS_PER_MS) : 0;
    machine_lend(t, level);
}

static void random_launch(tid_t tid)
{
    struct sched_params p = random_params();

    if (p.policy == SCHED_DEADLINE)
        p = (struct sched_params){ .policy = SCHED_OTHER };
    machine_launch_as(tid, &p);
}

/* To somebody who may be in any state. */
static void random_act_on(struct thread *t)
{
    if (!t->class || t->state == THREAD_ZOMBIE) {
        random_launch((tid_t)(t - host_threads));
        return;
    }
    switch (random_below(6)) {
    case 0:
        random_change(t);
        break;
    case 5:
        random_lend(t);
        break;
    case 1: /* not of itself: whoever stands still would have to be resumed by another one, who may not be there */
        if (t != current() && !t->suspended && t->state == THREAD_READY)
            thread_suspend(t->tid);
        else if (t->suspended)
            thread_resume(t->tid);
        break;
    default:
        if (t->state == THREAD_BLOCKED)
            machine_wake(t);
        else if (random_below(4) == 0) /* means nothing to the classes, but that t leaves its queue and comes back */
            thread_set_priority(t->tid, (enum thread_priority)random_below(SCHED_PRIORITIES));
    }
}

/* Of the running thread. */
static void random_act(void)
{
    switch (random_below(7)) {
    case 0:
        machine_yield();
        break;
    case 1:
        machine_block();
        break;
    case 2:
    case 3:
        machine_sleep(1 + random_below(30 * NS_PER_MS));
        break;
    case 4:
        random_change(current());
        break;
    default:
        if (random_below(4) == 0)
            machine_exit();
    }
}

static u64 random_time(void)
{
    static const u64 most[] = { 10, 1000, 100000, 1000000, 6000000, 6000000, 20000000, 60000000 };

    return 1 + random_below(most[random_below(array_len(most))]);
}

static void random_step(void)
{
    machine_run(random_time());
    if (random_below(20) == 0) { /* something may become due while it cannot happen */
        struct thread *t = random_thread();

        preempt_disable();
        if (t->class && t->state == THREAD_BLOCKED)
            machine_wake(t);
        machine_run(random_below(MS(1) / 50));
        preempt_enable();
    }
    if (machine_idle() || random_below(2))
        random_act_on(random_thread());
    else
        random_act();
}

static void random_operations(const struct sched_class *class)
{
    const char *seed = getenv("SEED"), *steps = getenv("STEPS");

    random_seed(seed ? strtoul(seed, NULL, 10) : 1);
    if (random_below(2))
        class_options = (struct class_options){ .rt_period_ns = 100 * NS_PER_MS, .rt_runtime_ns = (30 + random_below(60)) * NS_PER_MS,
                                                .dl_bandwidth = 900000, .tick_ns = NS_PER_MS };
    machine_start(class, 0);
    host_step = 1; /* as on a real machine, no two things happen at the same time */
    machine_run(MS(2)); /* a tick: thread 1's first record says since when it has run */
    for (int i = 0; i < (steps ? atoi(steps) : STEPS); i++) {
        random_step();
        if (!getenv("UNCHECKED"))
            machine_check();
    }
    machine_dump();
}

static void random_eevdf(void)
{
    random_operations(&eevdf_class);
}

static void random_cfs(void)
{
    random_operations(&cfs_class);
}

static void random_rr(void)
{
    random_operations(&rr_class);
}

/* --- shares ------------------------------------------------------------------------------------------------------------------------ */

/* Thread 1 leaves the CPU to hogs of these nice values for `ms` and prints what each has run, ns. */
static void share(const struct sched_class *class, const int *nice, unsigned n, u64 ms)
{
    host_khz = 1000000;
    machine_start(class, 0);
    for (unsigned i = 0; i < n; i++)
        launch_nice((tid_t)(2 + i), nice[i], 0);
    leave();
    machine_run(MS(ms));
    for (unsigned i = 0; i < n; i++)
        printf("fact ran %lu\n", ran_ns(host_thread((tid_t)(2 + i))));
    machine_dump();
}

static const int equal[] = { 0, 0, 0, 0 }, zero_five[] = { 0, 5 }, wide[] = { -20, 19, 0, 7 };

static void eevdf_equal(void)
{
    share(&eevdf_class, equal, 4, 2000);
}

static void eevdf_zero_five(void)
{
    share(&eevdf_class, zero_five, 2, 10000);
}

static void eevdf_wide(void)
{
    share(&eevdf_class, wide, 4, 20000);
}

static void cfs_equal(void)
{
    share(&cfs_class, equal, 4, 2000);
}

static void cfs_zero_five(void)
{
    share(&cfs_class, zero_five, 2, 10000);
}

/* --- lag --------------------------------------------------------------------------------------------------------------------------- */

/* A fixed set, looked at after each tick: the extremes of all lags. */
static void eevdf_lag(void)
{
    static const u64 slices[] = { 0, 1000000, 6000000, 20000000 };
    s64 least = 0, most = 0;

    host_khz = 1000000;
    machine_start(&eevdf_class, 0);
    for (tid_t tid = 2; tid <= 13; tid++)
        launch_nice(tid, (int)(tid * 3 % 40) - 20, slices[tid % array_len(slices)]);
    leave();
    for (int tick = 0; tick < 5000; tick++) {
        machine_run(MS(1));
        for (tid_t tid = 2; tid <= 13; tid++) {
            least = min(least, lag_of(host_thread(tid)));
            most = max(most, lag_of(host_thread(tid)));
        }
    }
    printf("fact least %ld\nfact most %ld\n", least, most);
    machine_dump();
}

/* Each of some threads gets another nice value in turn, waiting or running: prints by how much its lag changed, and the larger of its
   weights. */
static void eevdf_renice(void)
{
    static const int values[] = { -20, 19, 0, -5, 7, 15, -13, 3 };

    host_khz = 1000000;
    machine_start(&eevdf_class, 0);
    for (tid_t tid = 2; tid <= 6; tid++)
        launch_nice(tid, 0, 0);
    leave();
    for (unsigned i = 0; i < 200; i++) {
        struct thread *t = host_thread((tid_t)(2 + i % 5));
        u32 weight = t->se.fair.weight;
        s64 before;

        machine_run(MS(1) * 3 / 2);
        CHECK(!thread_set_nice(t->tid, t->se.params.nice)); /* all are charged up to now */
        before = lag_of(t);
        CHECK(!thread_set_nice(t->tid, values[i % array_len(values)]));
        printf("fact moved %ld\nfact weight %u\n", lag_of(t) - before, max(weight, t->se.fair.weight));
    }
    machine_dump();
}

/* Whoever sleeps for a moment when it has had too much comes back with what it owes: beside a hog it gets no more than half. */
static void eevdf_gamer(void)
{
    struct thread *gamer = host_thread(1);

    host_khz = 1000000;
    machine_start(&eevdf_class, 0);
    launch_nice(2, 0, 0);
    while (host_cycles < MS(4000)) {
        CHECK(machine_run_thread(gamer, MS(1) * 5 / 2));
        machine_sleep(NS_PER_MS / 10);
    }
    printf("fact ran %lu\nfact ran %lu\n", ran_ns(gamer), ran_ns(host_thread(2)));
    machine_dump();
}

/* Among six hogs, who sleeps most of the time and asks for a short slice, and how long it waits at the worst; then with the usual slice. */
static void eevdf_latency(void)
{
    host_khz = 1000000;
    machine_start(&eevdf_class, 0);
    for (tid_t tid = 2; tid <= 7; tid++)
        launch_nice(tid, 0, 0);
    for (int i = 0; i < 2; i++) {
        struct sched_params p = { .policy = SCHED_OTHER, .runtime = i ? 0 : SCHED_MIN_GRANULARITY_NS };
        u64 worst = 0;

        CHECK(!thread_set_params(1, &p));
        for (int round = 0; round < 200; round++) {
            u64 due;

            CHECK(machine_run_thread(host_thread(1), MS(1) / 5));
            due = clock_ns() + 5 * NS_PER_MS;
            machine_sleep(5 * NS_PER_MS);
            CHECK(machine_run_thread(host_thread(1), 0));
            worst = max(worst, clock_ns() - due);
        }
        printf("fact latency %lu\n", worst);
    }
    machine_dump();
}

/* --- deadlines --------------------------------------------------------------------------------------------------------------------- */

struct job {
    u64 runtime, period; /* units */
};

/* Of thread 2 + i: what its jobs so far have run, when the present one is due, ns from the start, and the first deadline that was
   missed. */
static u64 done[8], due[8], start, missed;

/* Whatever has run its job's time is done with it, and sleeps until the next one if that is yet to come. Who ran out of budget in the same
   moment waits for its next period anyway. */
static void finish(const struct job *job, unsigned i)
{
    struct thread *t = host_thread((tid_t)(2 + i));
    u64 now = clock_ns() - start;

    if (ran_ns(t) - done[i] < job->runtime * UNIT_NS)
        return;
    if (now > due[i] + NS_PER_MS / 1000 && !missed) /* the timer is late by a few ns */
        missed = due[i] / UNIT_NS;
    done[i] += job->runtime * UNIT_NS;
    if (t == current() && now < due[i])
        machine_sleep(due[i] - now);
    due[i] += job->period * UNIT_NS;
}

static u64 until_interrupt(void)
{
    u64 next = machine_next_interrupt();

    return next > host_cycles ? next - host_cycles : 1;
}

/* Periodic threads from a synchronous start, each of which runs its whole runtime in each period and then sleeps until the next; prints the
   first deadline that was missed (units; 0: none). hog: a deadline thread that never sleeps. */
static void deadlines(const struct job *job, unsigned n, u64 units, const struct job *hog)
{
    host_khz = 1000000;
    class_options.dl_bandwidth = 0;
    machine_start(&eevdf_class, 0);
    preempt_disable();
    for (unsigned i = 0; i < n + !!hog; i++) {
        const struct job *of = i < n ? &job[i] : hog;
        struct sched_params p = deadline_params(of->runtime * UNIT_NS, of->period * UNIT_NS, 0);

        launch_nice((tid_t)(2 + i), 0, 0);
        CHECK(!thread_set_params((tid_t)(2 + i), &p));
        due[i] = of->period * UNIT_NS;
    }
    start = clock_ns();
    preempt_enable();
    while (clock_ns() - start < units * UNIT_NS) {
        unsigned i = (unsigned)current()->tid - 2;
        u64 left = until_interrupt();

        if (i < n)
            left = min(left, done[i] + job[i].runtime * UNIT_NS - ran_ns(current()));
        machine_run(left);
        for (i = 0; i < n; i++)
            finish(&job[i], i);
    }
    printf("fact missed %lu\n", missed);
    for (unsigned i = 0; i < n + !!hog; i++)
        printf("fact ran %lu\n", ran_ns(host_thread((tid_t)(2 + i))) / NS_PER_MS);
    machine_dump();
}

static void edf_two(void)
{
    static const struct job jobs[] = { { 2, 4 }, { 3, 6 } };

    deadlines(jobs, 2, 1200, NULL);
}

static void edf_three(void)
{
    static const struct job jobs[] = { { 1, 2 }, { 1, 3 }, { 1, 6 } };

    deadlines(jobs, 3, 1200, NULL);
}

static void edf_overload(void)
{
    static const struct job jobs[] = { { 2, 4 }, { 3, 6 }, { 1, 12 } };

    deadlines(jobs, 3, 100, NULL);
}

static void cbs_hog(void)
{
    static const struct job jobs[] = { { 2, 4 }, { 3, 12 } }, hog = { 3, 12 };

    deadlines(jobs, 2, 1200, &hog);
}

/* --- real time --------------------------------------------------------------------------------------------------------------------- */

/* A real-time hog beside a normal one for 10 s: ns that each has run. */
static void rt_limit(void)
{
    struct sched_params p = { .policy = SCHED_FIFO, .rt_priority = 50 };

    host_khz = 1000000;
    class_options.rt_runtime_ns = 950 * NS_PER_MS;
    machine_start(&eevdf_class, 0);
    launch_nice(3, 0, 0);
    machine_launch_as(2, &p);
    CHECK(current()->tid == 2);
    machine_run(MS(10000));
    printf("fact ran %lu\nfact ran %lu\n", ran_ns(host_thread(2)),
           ran_ns(host_thread(3)));
    machine_dump();
}

/* A real-time thread among hogs of all lower classes and priorities: how long it waits after each wake, at the worst. */
static void rt_latency(void)
{
    struct sched_params low = { .policy = SCHED_RR, .rt_priority = 3 }, high = { .policy = SCHED_FIFO, .rt_priority = 4 };
    u64 worst = 0;

    host_khz = 1000000;
    machine_start(&eevdf_class, 0);
    CHECK(!thread_set_params(1, &high));
    for (tid_t tid = 2; tid <= 5; tid++)
        tid % 2 ? (void)machine_launch_as(tid, &low) : (void)launch_nice(tid, 0, 0);
    for (int i = 0; i < 200; i++) {
        u64 due = host_cycles + MS(1) + MS(1) / 3;

        machine_sleep(NS_PER_MS + NS_PER_MS / 3);
        CHECK(machine_run_thread(host_thread(1), 0));
        worst = max(worst, host_cycles - due);
    }
    printf("fact latency %lu\n", worst);
    machine_dump();
}

/* --- every change, in every state -------------------------------------------------------------------------------------------------- */

enum place { WAITS, RUNS, SLEEPS, THROTTLED, PLACES };

static struct sched_params params_of(u8 policy)
{
    struct sched_params p = { .policy = policy };

    if (policy == SCHED_FIFO || policy == SCHED_RR)
        p.rt_priority = 10;
    if (policy == SCHED_DEADLINE)
        p.runtime = 2 * NS_PER_MS, p.deadline = 20 * NS_PER_MS;
    return p;
}

/* A thread of one policy is brought into a state, gets another policy, and everything goes on as the models say. */
static void change(u8 from, u8 to, enum place place)
{
    struct sched_params before = params_of(from), after = params_of(to);
    struct sched_params boss = { .policy = SCHED_FIFO, .rt_priority = 90 }, low = { .policy = SCHED_IDLE };
    struct thread *t = launch_nice(2, 0, 0);

    CHECK(!thread_set_params(2, &before));
    if (place == RUNS || place == SLEEPS || (place == THROTTLED && from == SCHED_DEADLINE)) {
        machine_run(MS(3) / 2);
        if (place == THROTTLED)
            machine_run(MS(3));
        else if (current() == t && place == SLEEPS)
            machine_block();
    } else {
        CHECK(!thread_set_params(3, &boss));
        machine_run(MS(1) / 2);
    }
    machine_check();
    CHECK(!thread_set_params(2, &after) && t->se.params.policy == to);
    machine_check();
    machine_run(MS(5));
    CHECK(!thread_set_params(3, &low));
    if (t->state == THREAD_BLOCKED)
        machine_wake(t);
    machine_run(MS(50));
    machine_check();
    CHECK(machine_run_thread(t, MS(1) / 10) && current() == t);
    machine_exit();
    machine_check();
}

static void every_change(void)
{
    static const u8 policies[] = { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_IDLE, SCHED_DEADLINE };

    machine_start(&eevdf_class, 0);
    machine_launch_as(3, &(struct sched_params){ .policy = SCHED_IDLE });
    leave();
    for (unsigned from = 0; from < array_len(policies); from++)
        for (unsigned to = 0; to < array_len(policies); to++)
            for (enum place place = WAITS; place < PLACES; place++)
                change(policies[from], policies[to], place);
    machine_dump();
}

static const struct host_case cases[] = {
    { "random_eevdf", random_eevdf },
    { "random_cfs", random_cfs },
    { "random_rr", random_rr },
    { "eevdf_equal", eevdf_equal },
    { "eevdf_zero_five", eevdf_zero_five },
    { "eevdf_wide", eevdf_wide },
    { "cfs_equal", cfs_equal },
    { "cfs_zero_five", cfs_zero_five },
    { "eevdf_lag", eevdf_lag },
    { "eevdf_renice", eevdf_renice },
    { "eevdf_gamer", eevdf_gamer },
    { "eevdf_latency", eevdf_latency },
    { "edf_two", edf_two },
    { "edf_three", edf_three },
    { "edf_overload", edf_overload },
    { "cbs_hog", cbs_hog },
    { "rt_limit", rt_limit },
    { "rt_latency", rt_latency },
    { "every_change", every_change },
};
HOST_MAIN(cases)
