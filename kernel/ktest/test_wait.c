/* Lab 2.3: wait queues, with a lock and a condition of the test's own. */
#include "ktest/test_wait.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "sched/control.h"
#include "sched/preempt.h"

struct spinlock tested_lock = SPINLOCK("tested", RANK_WAIT);
struct wait_queue tested_queue = WAIT_QUEUE(tested_queue, "tested");
volatile u64 wait_awake;
static volatile u64 turn;

void wait_set_up(void)
{
    wait_queue_init(&tested_queue, "tested");
    wait_awake = turn = 0;
}

/* --- who is woken --------------------------------------------------------------------------------------------------------------------- */

/* Waits once, without a condition, and tells when it came back. */
static int wait_once(void *arg)
{
    u64 flags = spin_lock_irq(&tested_lock);
    int error = wait_on(&tested_queue, &tested_lock);

    fact(FACT_ORDER, wait_awake, number_of(arg));
    fact(FACT_RETURNED, number_of(arg), (u64)(s64)error);
    fact(FACT_LINKED, number_of(arg), !list_empty(&current()->wait_link));
    wait_awake++;
    spin_unlock_irq(&tested_lock, flags);
    return 0;
}

bool wake_a_waiter(void)
{
    u64 flags = spin_lock_irq(&tested_lock);
    bool woken = wake_one(&tested_queue);

    spin_unlock_irq(&tested_lock, flags);
    return woken;
}

void wake_who_is_left(void)
{
    u64 flags = spin_lock_irq(&tested_lock);

    wake_all(&tested_queue);
    spin_unlock_irq(&tested_lock, flags);
}

const enum thread_priority wait_equal[3] = { PRIORITY_NORMAL, PRIORITY_NORMAL, PRIORITY_NORMAL };

int start_waiters(struct test_threads *threads, const enum thread_priority *priority, unsigned n)
{
    int error;

    wait_set_up();
    error = threads_start_at(threads, priority, n, wait_once);
    if (!error && !threads_blocked(threads))
        error = -EAGAIN;
    return error;
}

KTEST(wait_one, "waking one of three, then the next; and nobody")
{
    struct test_threads threads;
    int error = start_waiters(&threads, wait_equal, 3);

    for (u64 i = 0; i < 3 && !error; i++) {
        fact(FACT_RESULT, i, wake_a_waiter());
        let_run();
        fact(FACT_COUNT, i, wait_awake);
    }
    if (!error)
        fact(FACT_RESULT, 3, wake_a_waiter());
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

static void raise(tid_t tid)
{
    thread_set_priority(tid, PRIORITY_CRITICAL);
}

/* As if it owned a mutex that a critical thread waits for. */
static void lend(tid_t tid)
{
    thread_find(tid)->inherited = 56;
}

/* To the first one, too. */
static void lend_normal(tid_t last)
{
    thread_find(last)->inherited = 32;
    list_entry(tested_queue.waiters.next, struct thread, wait_link)->inherited = 32;
}

static int wake_in_turn(const enum thread_priority *priority, unsigned n, void (*change)(tid_t last))
{
    struct test_threads threads;
    int error = start_waiters(&threads, priority, n);

    if (!error && change)
        change(threads.tid[n - 1]);
    for (unsigned i = 0; i < n && !error; i++) {
        wake_a_waiter();
        let_run();
    }
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

KTEST(wait_order, "waiters of different priorities, woken one by one")
{
    static const enum thread_priority mixed[] = { PRIORITY_NORMAL, PRIORITY_LOW, PRIORITY_HIGH, PRIORITY_IDLE, PRIORITY_HIGH,
                                                 PRIORITY_NORMAL };

    return wake_in_turn(mixed, array_len(mixed), NULL);
}

/* Effective: 32, 44, 32, 32. */
KTEST(wait_lent_little, "two of the waiters inherit a priority that others have of their own")
{
    static const enum thread_priority mixed[] = { PRIORITY_LOW, PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW };

    return wake_in_turn(mixed, array_len(mixed), lend_normal);
}

static const enum thread_priority falling[] = { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW };

KTEST(wait_raised, "one of the waiters gets a higher priority while it waits")
{
    return wake_in_turn(falling, array_len(falling), raise);
}

KTEST(wait_lent, "one of the waiters inherits a higher priority while it waits")
{
    return wake_in_turn(falling, array_len(falling), lend);
}

/* Comes back to the queue again and again: whoever wakes all must not wake it twice. */
static int wait_always(void *arg)
{
    u64 flags = spin_lock_irq(&tested_lock);

    (void)arg;
    while (!turn) {
        wait_on(&tested_queue, &tested_lock);
        wait_awake++;
    }
    spin_unlock_irq(&tested_lock, flags);
    return 0;
}

KTEST(wait_all, "waking all, who then wait again")
{
    struct test_threads threads;
    int error;

    wait_set_up();
    error = threads_start(&threads, 7, wait_always);
    for (u64 i = 0; i < 2 && !error; i++) {
        u64 flags;

        threads_blocked(&threads);
        flags = spin_lock_irq(&tested_lock);
        turn = i; /* the second time is the last one */
        fact(FACT_RESULT, i, wake_all(&tested_queue));
        spin_unlock_irq(&tested_lock, flags);
        let_run();
        fact(FACT_COUNT, i, wait_awake);
    }
    turn = 1;
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

/* --- beginning to wait --------------------------------------------------------------------------------------------------------------- */

/* A reschedule is due when it begins to wait. */
static int wait_when_due(void *arg)
{
    u64 flags = spin_lock_irq(&tested_lock), before = this_rq()->nr_preemptions;

    (void)arg;
    resched(this_rq());
    wait_on(&tested_queue, &tested_lock);
    fact(FACT_NOTE, before, this_rq()->nr_preemptions);
    spin_unlock_irq(&tested_lock, flags);
    return 0;
}

KTEST(wait_due, "a thread begins to wait when a reschedule is due")
{
    struct test_threads threads;
    int error;

    wait_set_up();
    error = threads_start(&threads, 1, wait_when_due);
    if (!error)
        threads_blocked(&threads);
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

KTEST(wait_pending, "a thread that was woken while it did not wait")
{
    u64 flags;

    wait_set_up();
    thread_wake(current());
    flags = spin_lock_irq(&tested_lock);
    fact(FACT_RETURNED, 0, (u64)(s64)wait_on(&tested_queue, &tested_lock));
    fact(FACT_NOTE, tested_lock.owner != NULL, !irq_enabled());
    fact(FACT_QUEUE_EMPTY, 0, list_empty(&tested_queue.waiters));
    spin_unlock_irq(&tested_lock, flags);
    return 0;
}

/* --- nobody is lost ------------------------------------------------------------------------------------------------------------------ */

#define ROUNDS 30
#define PLAYERS 3

/* Whose turn it is, is the condition; the lock guards it. */
static int wait_for_turns(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        u64 flags = spin_lock_irq(&tested_lock);

        while (turn % PLAYERS != number_of(arg))
            wait_on(&tested_queue, &tested_lock);
        turn++;
        wake_all(&tested_queue);
        spin_unlock_irq(&tested_lock, flags);
    }
    return 0;
}

KTEST(wait_race, "three threads that wait for each other's turns")
{
    struct test_threads threads;
    int error;

    wait_set_up();
    error = threads_start(&threads, PLAYERS, wait_for_turns);
    threads_join(&threads);
    fact(FACT_NOTE, turn, PLAYERS * ROUNDS);
    return error;
}
