/* Random use of mutexes, of a semaphore, and of a bounded buffer with two condition variables, with pauses in all the wrong places. */
#include "ktest/hidden.h"
#include "ktest/threads.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define MUTEXES 3
#define PAIRS   4 /* at most: producers and consumers */
#define STEPS   14
#define ROOM    5
#define UNIT    (NS_PER_MS / 20)

static struct mutex locks[MUTEXES], guard;
static struct semaphore places;
static struct condvar filled, emptied;
static volatile u64 inside[MUTEXES], added[MUTEXES], clashes, adds;
static volatile u64 taken_places, most_places, count;
static volatile u64 stored, room, claimed, wrong_fill, sum_put, sum_taken;
static u64 buffer[ROOM];
static u64 to_put; /* in all */

static void pause_a_while(u64 *draws)
{
    switch (draw(draws, 4)) {
    case 0:
        thread_yield();
        break;
    case 1:
        thread_sleep(UNIT * (1 + draw(draws, 20)));
        break;
    case 2:
        use_cpu(UNIT * (1 + draw(draws, 30)));
        break;
    }
}

static void add(u64 *draws)
{
    u64 n = draw(draws, MUTEXES), before, flags = irq_save();

    adds++;
    irq_restore(flags);
    mutex_lock(&locks[n]);
    clashes += inside[n]++ != 0;
    before = added[n];
    pause_a_while(draws);
    added[n] = before + 1;
    inside[n]--;
    mutex_unlock(&locks[n]);
}

static void use_a_place(u64 *draws)
{
    u64 flags, now;

    semaphore_down(&places);
    flags = irq_save();
    now = ++taken_places;
    if (now > most_places)
        most_places = now;
    irq_restore(flags);
    pause_a_while(draws);
    flags = irq_save();
    taken_places--;
    irq_restore(flags);
    semaphore_up(&places);
}

static void put(u64 value)
{
    mutex_lock(&guard);
    while (stored == room)
        condvar_wait(&emptied, &guard);
    wrong_fill += stored >= room;
    buffer[stored++ % ROOM] = value;
    sum_put += value;
    condvar_signal(&filled);
    mutex_unlock(&guard);
}

/* False when all that is ever put has its taker. */
static bool take(void)
{
    mutex_lock(&guard);
    if (claimed == to_put) {
        mutex_unlock(&guard);
        return false;
    }
    claimed++;
    while (!stored)
        condvar_wait(&filled, &guard);
    wrong_fill += !stored;
    sum_taken += buffer[--stored % ROOM];
    condvar_signal(&emptied);
    mutex_unlock(&guard);
    return true;
}

/* Even threads put STEPS values, odd ones take what there is; between that, all do the rest. */
static int busy(void *arg)
{
    u64 n = number_of(arg), draws = draws_of(n + 1), done = 0;

    while (done < STEPS) {
        u64 what = draw(&draws, 4);

        if (what == 0)
            add(&draws);
        else if (what == 1)
            use_a_place(&draws);
        else if (n % 2 == 0)
            put(1 + draw(&draws, 1000));
        else if (!take())
            break;
        done += what > 1 && n % 2 == 0;
    }
    return 0;
}

static void set_up(u64 *draws, unsigned n)
{
    for (unsigned i = 0; i < MUTEXES; i++) {
        mutex_init(&locks[i], "hidden");
        inside[i] = added[i] = 0;
    }
    mutex_init(&guard, "buffer");
    condvar_init(&filled, "filled");
    condvar_init(&emptied, "emptied");
    count = 1 + draw(draws, 3);
    room = 1 + draw(draws, ROOM);
    semaphore_init(&places, "places", count);
    clashes = adds = taken_places = most_places = stored = claimed = wrong_fill = sum_put = sum_taken = 0;
    to_put = n / 2 * STEPS;
}

KTEST(hidden_sync, "threads lock, count and hand things over, as the seed decides")
{
    u64 draws = draws_of(0);
    unsigned n = (unsigned)(2 * (2 + draw(&draws, PAIRS - 1)));
    enum thread_priority each[2 * PAIRS];
    struct test_threads threads;
    int error;

    set_up(&draws, n);
    for (unsigned i = 0; i < n; i++)
        each[i] = (enum thread_priority)draw(&draws, SCHED_PRIORITIES);
    error = threads_start_at(&threads, each, n, busy);
    threads_join(&threads);
    fact(FACT_RESULT, 0, clashes);
    fact(FACT_RESULT, 0, added[0] + added[1] + added[2] != adds);
    fact(FACT_RESULT, 1, most_places > count);
    fact(FACT_RESULT, 2, wrong_fill);
    fact(FACT_RESULT, 3, places.count != count || taken_places);
    fact(FACT_RESULT, 4, claimed != to_put || stored || sum_put != sum_taken);
    for (unsigned i = 0; i < MUTEXES; i++)
        fact(FACT_RESULT, 5, locks[i].owner || !list_empty(&locks[i].waiters.waiters));
    return error;
}
