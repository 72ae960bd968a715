/* The scheduler's policies on one CPU whose time is moved by hand (sched_machine.c). The cases random_* do random things and print the
   trace, which the policy's model replays; the others measure what kernel/sched promises and print `fact NAME VALUE`, or check it
   themselves. */
#include "sched_machine.h"

#define STEPS 3000
#define MS(n) ((n) * HOST_KHZ) /* cycles */

/* --- random operations ----------------------------------------------------------------------------------------------------------- */

static struct thread *random_thread(void)
{
    return host_thread((tid_t)(1 + random_below(THREADS)));
}

static void random_priority(struct thread *t)
{
    static const int lent[] = { -1, -1, 8, 32, 44, 56 };

    if (random_below(2))
        machine_lend(t, lent[random_below(array_len(lent))]);
    else
        thread_set_priority(t->tid, (enum thread_priority)random_below(SCHED_PRIORITIES));
}

/* To somebody who may be in any state. */
static void random_act_on(struct thread *t)
{
    if (!t->class || t->state == THREAD_ZOMBIE) {
        machine_launch((tid_t)(t - host_threads), (enum thread_priority)random_below(SCHED_PRIORITIES),
                       random_below(3) * random_below(40) * NS_PER_MS);
        return;
    }
    switch (random_below(4)) {
    case 0:
        random_priority(t);
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
    }
}

/* Of the running thread. */
static void random_act(void)
{
    switch (random_below(6)) {
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
        random_priority(current());
        break;
    default:
        if (random_below(3) == 0)
            machine_exit();
    }
}

static u64 random_time(void)
{
    static const u64 most[] = { 10, 1000, 100000, MS(1), MS(6), MS(6), MS(20), MS(90) };

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
        machine_run(random_below(MS(1) / 2));
        preempt_enable();
    }
    if (machine_idle() || random_below(2))
        random_act_on(random_thread());
    else
        random_act();
}

static void random_operations(const struct sched_class *class)
{
    const char *seed = getenv("SEED");

    random_seed(seed ? strtoul(seed, NULL, 10) : 1);
    machine_start(class, random_below(3) ? 0 : 1 + random_below(60));
    host_step = 1; /* as on a real machine, no two things happen at the same time */
    for (int i = 0; i < STEPS; i++) {
        random_step();
        if (!getenv("UNCHECKED"))
            machine_check();
    }
    machine_dump();
}

static void random_rr(void)
{
    random_operations(&rr_class);
}

static void random_fcfs(void)
{
    random_operations(&fcfs_class);
}

static void random_sjf(void)
{
    random_operations(&sjf_class);
}

static void random_prio(void)
{
    random_operations(&prio_class);
}

static void random_mlfq(void)
{
    random_operations(&mlfq_class);
}

/* --- average waits --------------------------------------------------------------------------------------------------------------- */

/* All are there at time 0, when thread 1 leaves. Returns the sum of the waits, in ms; a thread's wait is what it lived and did not run. */
static u64 sum_of_waits(const struct sched_class *class, const u64 *burst_ms, unsigned n)
{
    u64 began, waited = 0;

    machine_start(class, 0);
    for (unsigned i = 0; i < n; i++)
        machine_launch((tid_t)(2 + i), PRIORITY_NORMAL, burst_ms[i] * NS_PER_MS);
    began = host_cycles;
    machine_exit();
    for (unsigned i = 0; i < n; i++) {
        u64 burst = MS(burst_ms[current()->tid - 2]);

        CHECK(machine_run_thread(current(), burst));
        waited += host_cycles - began - burst;
        machine_exit();
    }
    CHECK(machine_idle() && waited % MS(1) == 0);
    return waited / MS(1);
}

static void average(const struct sched_class *class, const u64 *burst, unsigned n)
{
    printf("fact sum_of_waits %lu\n", sum_of_waits(class, burst, n));
    machine_dump();
}

static const u64 convoy[] = { 240, 30, 30 }, mixed[] = { 60, 80, 70, 30 };

static void waits_convoy_fcfs(void)
{
    average(&fcfs_class, convoy, 3);
}

static void waits_convoy_sjf(void)
{
    average(&sjf_class, convoy, 3);
}

static void waits_mixed_fcfs(void)
{
    average(&fcfs_class, mixed, 4);
}

static void waits_mixed_sjf(void)
{
    average(&sjf_class, mixed, 4);
}

/* --- bounds ---------------------------------------------------------------------------------------------------------------------- */

/* Longest time for which thread t is ready and does not run, in `total` cycles, with all others running whenever they may. */
static u64 longest_wait(const struct thread *t, u64 total)
{
    u64 end = host_cycles + total, longest = 0, left = host_cycles;

    while (host_cycles < end) {
        bool ran = t == current();

        machine_run(1 + random_below(MS(1) / 4));
        if (ran || t == current())
            left = host_cycles;
        longest = max(longest, host_cycles - left);
    }
    return longest;
}

static void rr_response(void)
{
    machine_start(&rr_class, 0);
    for (tid_t tid = 2; tid <= 8; tid++)
        machine_launch(tid, PRIORITY_NORMAL, 0);
    printf("fact threads 8\nfact longest_wait %lu\n", longest_wait(host_thread(8), MS(2000)));
    machine_dump();
}

/* One of the lowest priority against all others of the highest, so many that they reach the top, too, before it is their turn. */
static void prio_ageing(void)
{
    machine_start(&prio_class, 0);
    for (tid_t tid = 2; tid <= THREADS; tid++)
        machine_launch(tid, PRIORITY_CRITICAL, 0);
    thread_set_priority(1, PRIORITY_IDLE);
    printf("fact threads %u\nfact longest_wait %lu\n", THREADS, longest_wait(host_thread(1), MS(20000)));
    machine_dump();
}

/* Thread 1 sleeps for a moment whenever its quantum, or that of the given level, is nearly over; thread 2 never sleeps. 10 seconds. */
static void game(bool knows_its_level)
{
    struct thread *gamer = host_thread(1), *hog;

    machine_start(&mlfq_class, 0);
    hog = machine_launch(2, PRIORITY_NORMAL, 0);
    while (host_cycles < MS(10000)) {
        u64 quantum = policy.mlfq_quantum[knows_its_level ? mlfq_level(this_rq(), gamer) : 0];

        CHECK(machine_run_thread(gamer, MS(1) / 100));
        if (gamer->cpu_cycles + host_cycles - gamer->slice_start >= quantum - MS(1) / 4)
            machine_sleep(NS_PER_MS / 10);
    }
    printf("fact gamer %lu\nfact hog %lu\n", thread_ran(this_rq(), gamer), thread_ran(this_rq(), hog));
    machine_dump();
}

/* Nobody games better than one who knows its level. */
static void mlfq_gamer(void)
{
    game(true);
}

/* If sleeping renewed the allotment, this one would stay at the top. */
static void mlfq_top_gamer(void)
{
    game(false);
}

/* Who sleeps a lot stays at the top and gets the CPU the moment it wakes, beside three hogs. */
static void mlfq_sleeper(void)
{
    struct thread *sleeper = host_thread(1);
    u64 late = 0;

    machine_start(&mlfq_class, 0);
    for (tid_t tid = 2; tid <= 4; tid++)
        machine_launch(tid, PRIORITY_NORMAL, 0);
    for (int i = 0; i < 200; i++) {
        u64 due;

        CHECK(machine_run_thread(sleeper, MS(1) / 50));
        due = host_cycles + ns_to_cycles(20 * NS_PER_MS);
        machine_sleep(20 * NS_PER_MS);
        CHECK(machine_run_thread(sleeper, 0));
        if (due % policy.mlfq_boost > MS(100)) /* the hogs have sunk since the last boost */
            late = max(late, host_cycles - due);
    }
    printf("fact late %lu\n", late);
    machine_dump();
}

static const struct host_case cases[] = {
    { "random_rr", random_rr },
    { "random_fcfs", random_fcfs },
    { "random_sjf", random_sjf },
    { "random_prio", random_prio },
    { "random_mlfq", random_mlfq },
    { "waits_convoy_fcfs", waits_convoy_fcfs },
    { "waits_convoy_sjf", waits_convoy_sjf },
    { "waits_mixed_fcfs", waits_mixed_fcfs },
    { "waits_mixed_sjf", waits_mixed_sjf },
    { "rr_response", rr_response },
    { "prio_ageing", prio_ageing },
    { "mlfq_gamer", mlfq_gamer },
    { "mlfq_top_gamer", mlfq_top_gamer },
    { "mlfq_sleeper", mlfq_sleeper },
};
HOST_MAIN(cases)
