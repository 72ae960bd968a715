/* Lab 4.5: balancing. Threads that compute are put on CPUs by hand; stealing is turned off by the boot options. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/hogs.h"
#include "sched/affinity.h"
#include "sched/balance.h"
#include "sched/placement.h"
#include "sched/timer.h"

#define CPUS 4u

/* As a tick calls it. Interrupts off. */
static void balance(void)
{
    this_rq()->migrate_why = MIGRATE_BALANCE;
    scheduler_balance_load();
    this_rq()->migrate_why = MIGRATE_WAKE;
}

/* One call of scheduler_balance_load() by CPU 0. */
static void balance_once(u64 step)
{
    struct rq *mine = &run_queues[0];
    u64 flags = irq_save(), before = loads_now(), looked = mine->nr_balances, moved = mine->nr_balanced, after;

    balance();
    after = loads_now();
    irq_restore(flags);
    fact(FACT_LOAD, step, before);
    fact(FACT_LOAD, step, after);
    fact(FACT_COUNT, mine->nr_balances - looked, mine->nr_balanced - moved);
}

KTEST(balance_step, "one CPU balances once, with so many threads on each")
/* For each of load[][]: LOAD before, LOAD after, COUNT: how often it counted that it looked, and that it moved somebody. */
{
    static const u8 load[][CPUS] = {
        { 6, 1, 3, 2 }, { 1, 6, 3, 2 }, { 3, 4, 6, 1 }, { 3, 4, 2, 3 }, { 4, 5, 6, 0 }, { 1, 3, 2, 2 }, { 2, 1, 0, 1 }, { 5, 4, 2, 3 },
    };
    struct place place[TEST_THREADS_MAX];
    struct test_threads threads;
    int error = 0;

    stay_on_cpu_0();
    for (unsigned i = 0; i < array_len(load) && !error; i++) {
        error = placed_start(&threads, place, places_for(place, load[i], CPUS));
        if (!error) {
            balance_once(i);
            placed_end(&threads);
        }
    }
    stay_no_more();
    return error;
}

KTEST(balance_next, "one CPU balances once, with so many threads on each, some of them bound")
/* For each of crowds[]: as above. */
{
    static const struct crowd crowds[] = {
        { .free = { 0, 0, 4, 1 }, .bound = { 0, 9, 0, 0 } },
        { .free = { 3, 0, 2, 1 }, .bound = { 0, 8, 0, 0 } },
        { .free = { 0, 0, 0, 3 }, .bound = { 0, 6, 5, 0 } },
        { .free = { 0, 0, 0, 0 }, .bound = { 0, 4, 3, 3 } },
        { .free = { 0, 2, 7, 0 }, .bound = { 0, 6, 0, 0 } },
    };
    struct place place[TEST_THREADS_MAX];
    struct test_threads threads;
    int error = 0;

    stay_on_cpu_0();
    for (unsigned i = 0; i < array_len(crowds) && !error; i++) {
        error = placed_start(&threads, place, places_of(place, &crowds[i]));
        if (!error) {
            balance_once(i);
            placed_end(&threads);
        }
    }
    stay_no_more();
    return error;
}

#define LOOKS 10000u

static u32 held; /* [a] 1: CPU 1 has its queue's lock */

/* Has the lock of CPU 1's queue until CPU 0 waits for it, and then moves to CPU 2 all who may go. LOAD: 1, the loads after that. */
static int hold_and_move(void *arg)
{
    struct rq *mine = &run_queues[1], *to = &run_queues[2];
    u64 flags = irq_save();
    struct thread *t;

    (void)arg;
    rq_lock_both(mine, to);
    __atomic_store_n(&held, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < LOOKS && mine->lock.word.next - mine->lock.word.serving < 2; i++)
        cpu_relax();
    while ((t = steal_candidate(mine, to->cpu)) != NULL)
        thread_move(mine, to, t);
    fact(FACT_LOAD, 1, loads_now());
    spin_unlock(&to->lock);
    spin_unlock(&mine->lock);
    irq_restore(flags);
    return 0;
}

static int balance_behind_its_back(void)
{
    struct thread_params params = THREAD_PARAMS("holder", hold_and_move, NULL);
    struct thread *holder;
    tid_t tid;
    int error;
    u64 flags;

    params.priority = PRIORITY_CRITICAL;
    holder = thread_new(&params, &error);
    if (!holder)
        return error;
    tid = holder->tid;
    thread_set_affinity(tid, 1ul << 1);
    __atomic_store_n(&held, 0, __ATOMIC_RELAXED);
    thread_launch(holder);
    while (!__atomic_load_n(&held, __ATOMIC_ACQUIRE))
        cpu_relax();
    flags = irq_save();
    fact(FACT_LOAD, 0, loads_now());
    balance();
    fact(FACT_LOAD, 2, loads_now());
    irq_restore(flags);
    thread_join(tid, NULL);
    return 0;
}

KTEST(balance_guess, "what another queue was before its lock was taken is no more, when it is")
/* LOAD: 0 before CPU 0 balances, 1 when it gets the locks, 2 after it. For a policy in which the critical one comes first. */
{
    static const u8 load[CPUS] = { 3, 5, 2, 2 };
    struct place place[TEST_THREADS_MAX];
    struct test_threads threads;
    int error;

    stay_on_cpu_0();
    error = placed_start(&threads, place, places_for(place, load, CPUS));
    if (!error) {
        error = balance_behind_its_back();
        placed_end(&threads);
    }
    stay_no_more();
    return error;
}

/* Threads at these places are left to themselves for so many ticks. TID: number, tid. NOTE: 0 when they are, 1 when they were. */
static int leave_alone(const struct place *place, unsigned n, u64 ticks)
{
    struct test_threads threads;
    int error;

    stay_on_cpu_0();
    error = placed_start(&threads, place, n);
    if (!error) {
        for (unsigned i = 0; i < n; i++)
            fact(FACT_TID, i, (u64)threads.tid[i]);
        fact(FACT_NOTE, 0, 0);
        thread_sleep(ticks * run_queues[0].tick_ns);
        fact(FACT_NOTE, 1, 0);
        placed_end(&threads);
    }
    stay_no_more();
    return error;
}

KTEST(balance_spread, "threads that never wait, all on one CPU")
/* rounds= says how many. */
{
    struct place place[TEST_THREADS_MAX] = { 0 };
    unsigned n = (unsigned)min(option_u64("rounds") ?: 2 * CPUS, (u64)TEST_THREADS_MAX);

    for (unsigned i = 0; i < n; i++)
        place[i].priority = PRIORITY_NORMAL;
    return leave_alone(place, n, 100);
}

KTEST(balance_bound, "threads on one CPU of which some may not leave it")
/* 0, 2, 4 may go; 1 and 3 are bound to it, 5 is the kernel's own. */
{
    static const enum place_kind kind[] = { PLACE_FREE, PLACE_BOUND, PLACE_FREE, PLACE_BOUND, PLACE_FREE, PLACE_KTHREAD };
    struct place place[array_len(kind)];

    for (unsigned i = 0; i < array_len(kind); i++)
        place[i] = (struct place){ .kind = kind[i], .priority = PRIORITY_NORMAL };
    return leave_alone(place, array_len(kind), 60);
}

#define GATHERED 3u
#define CALLS    6u

static struct test_threads crowd;
static u64 balancing; /* [a] balancers that are not done */

/* Draws some of the crowd to this CPU, and balances; n: on CPU n. */
static int gather_and_balance(void *arg)
{
    u64 n = number_of(arg);

    for (unsigned call = 0; call < CALLS; call++) {
        u64 flags;

        for (unsigned i = 0; i < GATHERED; i++) {
            tid_t tid = crowd.tid[(n + call * GATHERED + i) % crowd.n];

            thread_set_affinity(tid, 1ul << n);
            thread_set_affinity(tid, ~0ul);
        }
        flags = irq_save();
        balance();
        irq_restore(flags);
    }
    __atomic_fetch_sub(&balancing, 1, __ATOMIC_RELEASE);
    return 0;
}

static int balance_all_at_once(void)
{
    struct test_threads balancers = { 0 };
    struct thread *made[CPUS];
    int error = 0;

    while (balancers.n < CPUS && !error) {
        struct thread_params params = THREAD_PARAMS("balancer", gather_and_balance, (void *)(u64)balancers.n);

        params.priority = PRIORITY_CRITICAL;
        made[balancers.n] = thread_new(&params, &error);
        if (made[balancers.n]) {
            balancers.tid[balancers.n] = made[balancers.n]->tid;
            thread_set_affinity(balancers.tid[balancers.n], 1ul << balancers.n);
            balancers.n++;
        }
    }
    balancing = balancers.n;
    for (unsigned i = 0; i < balancers.n; i++)
        (error ? thread_discard : thread_launch)(made[i]);
    if (!error)
        threads_join(&balancers);
    return error;
}

KTEST(balance_race, "all CPUs balance at once, while threads are drawn from one to the other")
/* COUNT: calls, threads moved, over all CPUs, since the kernel was started. NOTE 0: behind the last call. */
{
    struct place place[TEST_THREADS_MAX] = { 0 };
    u64 looked = 0, moved = 0;
    int error;

    for (unsigned i = 0; i < 2 * CPUS; i++)
        place[i].priority = PRIORITY_NORMAL;
    stay_on_cpu_0();
    error = placed_start(&crowd, place, 2 * CPUS);
    if (!error) {
        error = balance_all_at_once();
        placed_end(&crowd);
    }
    stay_no_more();
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        looked += run_queues[cpu].nr_balances;
        moved += run_queues[cpu].nr_balanced;
    }
    fact(FACT_COUNT, looked, moved);
    return error;
}
