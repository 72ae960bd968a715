/* Lab 2.3: wait queues, with a lock and a condition of the test's own. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/wait.h"

static struct spinlock lock = SPINLOCK("tested", RANK_WAIT);
static struct wait_queue queue = WAIT_QUEUE(queue, "tested");
static volatile u64 awake, turn;

static void set_up(void)
{
    wait_queue_init(&queue, "tested");
    awake = turn = 0;
}

/* --- who is woken --------------------------------------------------------------------------------------------------------------------- */

/* Waits once, without a condition, and tells when it came back. */
static int wait_once(void *arg)
{
    u64 flags = spin_lock_irq(&lock);
    int error = wait_on(&queue, &lock);

    fact(FACT_ORDER, awake, number_of(arg));
    fact(FACT_RETURNED, number_of(arg), (u64)(s64)error);
    fact(FACT_LINKED, number_of(arg), !list_empty(&current()->wait_link));
    awake++;
    spin_unlock_irq(&lock, flags);
    return 0;
}

static bool wake_a_waiter(void)
{
    u64 flags = spin_lock_irq(&lock);
    bool woken = wake_one(&queue);

    spin_unlock_irq(&lock, flags);
    return woken;
}

static void wake_who_is_left(void)
{
    u64 flags = spin_lock_irq(&lock);

    wake_all(&queue);
    spin_unlock_irq(&lock, flags);
}

/* Starts threads of these priorities, each of which waits once; in the order of the list. */
static int start_waiters(struct test_threads *threads, const enum thread_priority *priority, unsigned n)
{
    int error;

    set_up();
    error = threads_start_at(threads, priority, n, wait_once);
    if (!error && !threads_blocked(threads))
        error = -EAGAIN;
    return error;
}

static const enum thread_priority equal[] = { PRIORITY_NORMAL, PRIORITY_NORMAL, PRIORITY_NORMAL };

KTEST(wait_one, "waking one of three, then the next; and nobody")
{
    struct test_threads threads;
    int error = start_waiters(&threads, equal, 3);

    for (u64 i = 0; i < 3 && !error; i++) {
        fact(FACT_RESULT, i, wake_a_waiter());
        let_run();
        fact(FACT_COUNT, i, awake);
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
    list_entry(queue.waiters.next, struct thread, wait_link)->inherited = 32;
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
    u64 flags = spin_lock_irq(&lock);

    (void)arg;
    while (!turn) {
        wait_on(&queue, &lock);
        awake++;
    }
    spin_unlock_irq(&lock, flags);
    return 0;
}

KTEST(wait_all, "waking all, who then wait again")
{
    struct test_threads threads;
    int error;

    set_up();
    error = threads_start(&threads, 7, wait_always);
    for (u64 i = 0; i < 2 && !error; i++) {
        u64 flags;

        threads_blocked(&threads);
        flags = spin_lock_irq(&lock);
        turn = i; /* the second time is the last one */
        fact(FACT_RESULT, i, wake_all(&queue));
        spin_unlock_irq(&lock, flags);
        let_run();
        fact(FACT_COUNT, i, awake);
    }
    turn = 1;
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

/* --- leaving without having been woken ----------------------------------------------------------------------------------------------- */

KTEST(wait_leaves, "of three waiters one is killed and one is woken by hand; then one is woken as usual")
{
    struct test_threads threads;
    int error = start_waiters(&threads, equal, 3);

    if (!error) {
        thread_kill(threads.tid[0], 9);
        thread_wake_by_hand(threads.tid[1]);
        let_run();
        fact(FACT_COUNT, 0, awake);
        fact(FACT_RESULT, 0, wake_a_waiter());
        let_run();
        fact(FACT_COUNT, 1, awake);
        fact(FACT_QUEUE_EMPTY, 0, list_empty(&queue.waiters));
    }
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

#define SOON (NS_PER_MS / 2) /* well within a quantum */

/* Number 0 waits until soon. */
static int wait_until_soon(void *arg)
{
    u64 flags = spin_lock_irq(&lock);
    int error = number_of(arg) ? wait_on(&queue, &lock) : wait_on_until(&queue, &lock, clock_ns() + SOON);

    fact(FACT_RETURNED, number_of(arg), (u64)(s64)error);
    awake++;
    spin_unlock_irq(&lock, flags);
    return 0;
}

/* n wait; what happens to the first one before it has run again, and then who has come back. */
static int some_wait(unsigned n, void (*happens)(tid_t first))
{
    struct test_threads threads;
    int error;

    set_up();
    error = threads_start(&threads, n, wait_until_soon);
    if (!error && threads_blocked(&threads)) {
        happens(threads.tid[0]);
        let_run();
        fact(FACT_COUNT, 0, awake);
    }
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

static void time_passes_then_wake(tid_t first)
{
    (void)first;
    use_cpu(2 * SOON);
    fact(FACT_RESULT, 0, wake_a_waiter());
}

static void kill_then_wake(tid_t first)
{
    thread_kill(first, 9);
    fact(FACT_RESULT, 0, wake_a_waiter());
}

static void rouse_then_wake(tid_t first)
{
    thread_wake_by_hand(first);
    fact(FACT_RESULT, 0, wake_a_waiter());
}

static void wake_then_kill(tid_t first)
{
    fact(FACT_RESULT, 0, wake_a_waiter());
    thread_kill(first, 9);
}

static void wake_then_time_passes(tid_t first)
{
    (void)first;
    fact(FACT_RESULT, 0, wake_a_waiter());
    use_cpu(2 * SOON);
}

KTEST(wait_over_then_woken, "one wake for two waiters, when the first one's time is over but it has not run yet")
{
    return some_wait(2, time_passes_then_wake);
}

KTEST(wait_killed_then_woken, "one wake for two waiters, when the first one was killed but has not run yet")
{
    return some_wait(2, kill_then_wake);
}

KTEST(wait_roused_then_woken, "one wake for two waiters, when the first one was woken by hand but has not run yet")
{
    return some_wait(2, rouse_then_wake);
}

KTEST(wait_woken_then_killed, "one wake for three waiters, and the first one is killed before it runs")
{
    return some_wait(3, wake_then_kill);
}

KTEST(wait_woken_then_over, "one wake for two waiters, and the first one's time passes before it runs")
{
    return some_wait(2, wake_then_time_passes);
}

KTEST(wait_stale, "of six waiters two are woken by hand, then one wake; of the three that are left one by hand, then a wake for all")
{
    static const enum thread_priority six[6] = { 2, 2, 2, 2, 2, 2 };
    struct test_threads threads;
    int error = start_waiters(&threads, six, array_len(six));

    if (!error) {
        u64 flags;

        thread_wake_by_hand(threads.tid[0]);
        thread_wake_by_hand(threads.tid[1]);
        fact(FACT_RESULT, 0, wake_a_waiter());
        let_run();
        fact(FACT_COUNT, 0, awake);
        thread_wake_by_hand(threads.tid[3]);
        flags = spin_lock_irq(&lock);
        fact(FACT_RESULT, 1, wake_all(&queue));
        fact(FACT_QUEUE_EMPTY, 0, list_empty(&queue.waiters));
        spin_unlock_irq(&lock, flags);
        let_run();
        fact(FACT_COUNT, 1, awake);
    }
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

/* A reschedule is due when it begins to wait. */
static int wait_when_due(void *arg)
{
    u64 flags = spin_lock_irq(&lock), before = this_rq()->nr_preemptions;

    (void)arg;
    resched(this_rq());
    wait_on(&queue, &lock);
    fact(FACT_NOTE, before, this_rq()->nr_preemptions);
    spin_unlock_irq(&lock, flags);
    return 0;
}

KTEST(wait_due, "a thread begins to wait when a reschedule is due")
{
    struct test_threads threads;
    int error;

    set_up();
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

    set_up();
    thread_wake(current());
    flags = spin_lock_irq(&lock);
    fact(FACT_RETURNED, 0, (u64)(s64)wait_on(&queue, &lock));
    fact(FACT_NOTE, lock.owner != NULL, !irq_enabled());
    fact(FACT_QUEUE_EMPTY, 0, list_empty(&queue.waiters));
    spin_unlock_irq(&lock, flags);
    return 0;
}

/* --- nobody is lost ------------------------------------------------------------------------------------------------------------------ */

#define ROUNDS 30
#define PLAYERS 3

/* Whose turn it is, is the condition; the lock guards it. */
static int wait_for_turns(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        u64 flags = spin_lock_irq(&lock);

        while (turn % PLAYERS != number_of(arg))
            wait_on(&queue, &lock);
        turn++;
        wake_all(&queue);
        spin_unlock_irq(&lock, flags);
    }
    return 0;
}

KTEST(wait_race, "three threads that wait for each other's turns")
{
    struct test_threads threads;
    int error;

    set_up();
    error = threads_start(&threads, PLAYERS, wait_for_turns);
    threads_join(&threads);
    fact(FACT_NOTE, turn, PLAYERS * ROUNDS);
    return error;
}
