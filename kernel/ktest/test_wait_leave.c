/* Lab 2.3: who leaves a wait queue without having been woken, or when it has been: by its time, by a kill, by hand. */
#include "ktest/ktest.h"
#include "ktest/test_wait.h"
#include "lib/errno.h"
#include "sched/control.h"

KTEST(wait_leaves, "of three waiters one is killed and one is woken by hand; then one is woken as usual")
{
    struct test_threads threads;
    int error = start_waiters(&threads, wait_equal, 3);

    if (!error) {
        thread_kill(threads.tid[0], 9);
        thread_wake_by_hand(threads.tid[1]);
        let_run();
        fact(FACT_COUNT, 0, wait_awake);
        fact(FACT_RESULT, 0, wake_a_waiter());
        let_run();
        fact(FACT_COUNT, 1, wait_awake);
        fact(FACT_QUEUE_EMPTY, 0, list_empty(&tested_queue.waiters));
    }
    wake_who_is_left();
    threads_join(&threads);
    return error;
}

#define SOON (NS_PER_MS / 2) /* well within a quantum */

/* Number 0 waits until soon. */
static int wait_until_soon(void *arg)
{
    u64 flags = spin_lock_irq(&tested_lock);
    int error = number_of(arg) ? wait_on(&tested_queue, &tested_lock) : wait_on_until(&tested_queue, &tested_lock, clock_ns() + SOON);

    fact(FACT_RETURNED, number_of(arg), (u64)(s64)error);
    wait_awake++;
    spin_unlock_irq(&tested_lock, flags);
    return 0;
}

/* n wait; what happens to the first one before it has run again, and then who has come back. */
static int some_wait(unsigned n, void (*happens)(tid_t first))
{
    struct test_threads threads;
    int error;

    wait_set_up();
    error = threads_start(&threads, n, wait_until_soon);
    if (!error && threads_blocked(&threads)) {
        happens(threads.tid[0]);
        let_run();
        fact(FACT_COUNT, 0, wait_awake);
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
        fact(FACT_COUNT, 0, wait_awake);
        thread_wake_by_hand(threads.tid[3]);
        flags = spin_lock_irq(&tested_lock);
        fact(FACT_RESULT, 1, wake_all(&tested_queue));
        fact(FACT_QUEUE_EMPTY, 0, list_empty(&tested_queue.waiters));
        spin_unlock_irq(&tested_lock, flags);
        let_run();
        fact(FACT_COUNT, 1, wait_awake);
    }
    wake_who_is_left();
    threads_join(&threads);
    return error;
}
