/* Threads that compute are put on up to eight CPUs as the seed decides, some of them bound; then CPU 0 balances, or steals, a few times. */
#include "ktest/hidden.h"
#include "ktest/hogs.h"
#include "sched/balance.h"

#define CASES 5u
#define LEAST 4u

/* Threads all over the CPUs that are online, many of them on one. Returns how many. */
static unsigned places_drawn(struct place *place, u64 *draws)
{
    u64 online = (u64)__builtin_popcountl(cpus_online), crowded = draw(draws, online);
    unsigned n = (unsigned)(LEAST + draw(draws, TEST_THREADS_MAX - LEAST + 1));

    for (unsigned i = 0; i < n; i++) {
        u64 elsewhere = draw(draws, 5), cpu = draw(draws, online), bound = draw(draws, 4);

        place[i] = (struct place){ .cpu = (int)(elsewhere < 3 ? cpu : crowded), .kind = bound ? PLACE_FREE : PLACE_BOUND,
                                   .priority = PRIORITY_NORMAL };
    }
    return n;
}

/* Those who wait on each CPU and may go elsewhere, 8 bits each. For a policy with one list, rr. */
static u64 may_go_now(void)
{
    u64 all = 0;

    for (u64 left = cpus_online, cpu; left; left &= left - 1)
        list_for_each(it, &run_queues[cpu = (u64)__builtin_ctzl(left)].ready)
            all += (u64)stealable(list_entry(it, struct thread, run_link), CONFIG_MAX_CPUS - 1) << 8 * cpu;
    return all;
}

/* LOAD: step, the loads before; then those after. FOUND: step, may_go_now() before. COUNT: counted calls and moves. */
static void balance_once(u64 step)
{
    struct rq *mine = &run_queues[0];
    u64 looked = mine->nr_balances, moved = mine->nr_balanced;

    fact(FACT_LOAD, step, loads_now());
    fact(FACT_FOUND, step, may_go_now());
    mine->migrate_why = MIGRATE_BALANCE;
    scheduler_balance_load();
    mine->migrate_why = MIGRATE_WAKE;
    fact(FACT_LOAD, step, loads_now());
    fact(FACT_COUNT, mine->nr_balances - looked, mine->nr_balanced - moved);
}

/* LOAD: step, who waits before; then after. FOUND as above. RETURNED: step, what it says. */
static void steal_once(u64 step)
{
    struct rq *mine = &run_queues[0];
    bool found;

    fact(FACT_LOAD, step, waiting_now());
    fact(FACT_FOUND, step, may_go_now());
    mine->migrate_why = MIGRATE_STEAL;
    found = steal_work(mine);
    mine->migrate_why = MIGRATE_WAKE;
    fact(FACT_LOAD, step, waiting_now());
    fact(FACT_RETURNED, step, found);
}

static int play(void (*once)(u64 step), u64 most, u64 draws)
{
    u64 step = 0;
    struct place place[TEST_THREADS_MAX];
    struct test_threads threads;
    int error = 0;

    stay_on_cpu_0();
    for (unsigned i = 0; i < CASES && !error; i++) {
        error = placed_start(&threads, place, places_drawn(place, &draws));
        if (!error) {
            u64 flags = irq_save();

            for (u64 n = 1 + draw(&draws, most); n; n--)
                once(step++);
            irq_restore(flags);
            placed_end(&threads);
        }
    }
    stay_no_more();
    return error;
}

KTEST(hidden_balance, "CPU 0 balances among CPUs that are loaded as the seed decides")
/* See balance_once(). */
{
    return play(balance_once, 3, draws_of(0));
}

KTEST(hidden_steal, "CPU 0 steals from CPUs that are loaded as the seed decides")
/* See steal_once(). */
{
    return play(steal_once, 5, draws_of(0));
}
