/* Lab 2.5: semaphores, condition variables, and waits for any of the three that end before what they wait for. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"

static struct mutex mutex;
static struct semaphore semaphore;
static struct condvar condvar;
static volatile u64 shared, inside, clashes, awake;

static void set_up(u64 count)
{
    mutex_init(&mutex, "first");
    semaphore_init(&semaphore, "tested", count);
    condvar_init(&condvar, "tested");
    shared = inside = clashes = awake = 0;
}

static void come_back(u64 who)
{
    fact(FACT_ORDER, awake, who);
    awake++;
}

/* --- with an end --------------------------------------------------------------------------------------------------------------------- */

static int take_your_time(void *arg)
{
    (void)arg;
    mutex_lock(&mutex);
    thread_sleep(5 * NS_PER_MS);
    mutex_unlock(&mutex);
    return 0;
}

/* Each wait is 2 ms, on something that does not come; then again, when it is there. */
KTEST(sync_timeouts, "waits that end before what they wait for")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 1, take_your_time);
    if (error)
        return error;
    let_run();
    fact(FACT_RETURNED, 0, (u64)(s64)mutex_lock_until(&mutex, clock_ns() + 2 * NS_PER_MS));
    fact(FACT_NOTE, 0, mutex_held(&mutex));
    fact(FACT_RETURNED, 1, (u64)(s64)semaphore_down_until(&semaphore, clock_ns() + 2 * NS_PER_MS));
    threads_join(&threads);
    fact(FACT_RETURNED, 2, (u64)(s64)mutex_lock_until(&mutex, clock_ns() + 2 * NS_PER_MS));
    fact(FACT_NOTE, 2, mutex_held(&mutex));
    fact(FACT_RETURNED, 3, (u64)(s64)condvar_wait_until(&condvar, &mutex, clock_ns() + 2 * NS_PER_MS));
    fact(FACT_NOTE, 3, mutex_held(&mutex));
    mutex_unlock(&mutex);
    semaphore_up(&semaphore);
    fact(FACT_RETURNED, 4, (u64)(s64)semaphore_down_until(&semaphore, clock_ns() + 2 * NS_PER_MS));
    fact(FACT_COUNT, 0, semaphore.count);
    return 0;
}

/* Number 0 wants the mutex, number 1 something of the semaphore, for 2 ms. */
static int wait_a_little(void *arg)
{
    u64 n = number_of(arg), when = clock_ns() + 2 * NS_PER_MS;

    fact(FACT_RETURNED, n, (u64)(s64)(n ? semaphore_down_until(&semaphore, when) : mutex_lock_until(&mutex, when)));
    fact(FACT_NOTE, n, mutex_held(&mutex));
    if (mutex_held(&mutex))
        mutex_unlock(&mutex);
    return 0;
}

KTEST(sync_too_late, "what is waited for is there when the time is over, but before those who waited have run again")
{
    struct test_threads threads;
    int error;

    set_up(0);
    mutex_lock(&mutex);
    error = threads_start(&threads, 2, wait_a_little);
    if (!error)
        threads_blocked(&threads);
    use_cpu(4 * NS_PER_MS);
    mutex_unlock(&mutex);
    semaphore_up(&semaphore);
    threads_join(&threads);
    fact(FACT_COUNT, 0, semaphore.count);
    return error;
}

/* --- semaphores ---------------------------------------------------------------------------------------------------------------------- */

static int down_once(void *arg)
{
    semaphore_down(&semaphore);
    come_back(number_of(arg));
    return 0;
}

KTEST(semaphore_order, "a semaphore that threads of different priorities wait for")
{
    static const enum thread_priority mixed[] = { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_CRITICAL, PRIORITY_HIGH, PRIORITY_NORMAL };
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start_at(&threads, mixed, array_len(mixed), down_once);
    if (!error)
        threads_blocked(&threads);
    for (u64 i = 0; i < threads.n; i++) {
        semaphore_up(&semaphore);
        let_run();
        fact(FACT_COUNT, i, awake);
    }
    threads_join(&threads);
    return error;
}

KTEST(semaphore_twice, "a semaphore that four wait for is given twice before any of them has run")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 4, down_once);
    if (!error)
        threads_blocked(&threads);
    semaphore_up(&semaphore);
    fact(FACT_COUNT, 0, threads_waiting(&threads));
    semaphore_up(&semaphore);
    fact(FACT_COUNT, 1, threads_waiting(&threads));
    let_run();
    fact(FACT_COUNT, 2, threads_waiting(&threads));
    semaphore_up(&semaphore);
    semaphore_up(&semaphore);
    threads_join(&threads);
    return error;
}

KTEST(semaphore_stolen, "what a waiter was woken for is taken by somebody else before it runs")
{
    struct test_threads threads;
    int error;

    set_up(3);
    fact(FACT_RESULT, 0, semaphore_try(&semaphore) + semaphore_try(&semaphore) + semaphore_try(&semaphore));
    fact(FACT_RESULT, 1, semaphore_try(&semaphore));
    error = threads_start(&threads, 1, down_once);
    if (!error)
        threads_blocked(&threads);
    semaphore_up(&semaphore);
    fact(FACT_RESULT, 2, semaphore_try(&semaphore));
    let_run();
    fact(FACT_COUNT, 0, awake);
    semaphore_up(&semaphore);
    threads_join(&threads);
    fact(FACT_COUNT, 1, awake);
    fact(FACT_RESULT, 3, semaphore.count);
    return error;
}

#define ITEMS 24

static int up_many(void)
{
    for (unsigned i = 0; i < ITEMS; i++)
        semaphore_up(&semaphore);
    return 0;
}

/* Number 2 gives, the others take. */
static int down_or_up(void *arg)
{
    if (number_of(arg) == 2)
        return up_many();
    for (unsigned i = 0; i < ITEMS / 2; i++) {
        u64 flags;

        semaphore_down(&semaphore);
        flags = irq_save();
        awake++;
        irq_restore(flags);
    }
    return 0;
}

KTEST(semaphore_race, "one thread gives what two take")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 3, down_or_up);
    threads_join(&threads);
    fact(FACT_NOTE, awake, ITEMS);
    fact(FACT_COUNT, 0, semaphore.count);
    return error;
}

KTEST(panic_wait_spinlock, "a thread waits while it holds a spinlock")
{
    static struct spinlock outer = SPINLOCK("outer", RANK_FILES);

    set_up(1);
    semaphore_down(&semaphore);
    spin_lock_irq(&outer);
    semaphore_down(&semaphore);
    return 0;
}

/* --- condition variables ------------------------------------------------------------------------------------------------------------- */

static int wait_once(void *arg)
{
    mutex_lock(&mutex);
    condvar_wait(&condvar, &mutex);
    fact(FACT_NOTE, number_of(arg), mutex_held(&mutex));
    come_back(number_of(arg));
    mutex_unlock(&mutex);
    return 0;
}

KTEST(condvar_wakes, "a signal before anybody waits; a signal, then a broadcast to three who do")
{
    struct test_threads threads;
    int error;

    set_up(0);
    condvar_signal(&condvar);
    condvar_broadcast(&condvar);
    error = threads_start(&threads, 4, wait_once);
    if (!error)
        threads_blocked(&threads);
    fact(FACT_COUNT, 0, awake);
    mutex_lock(&mutex); /* free while they wait */
    condvar_signal(&condvar);
    let_run();
    fact(FACT_COUNT, 1, awake);
    mutex_unlock(&mutex);
    let_run();
    fact(FACT_COUNT, 2, awake);
    condvar_broadcast(&condvar);
    threads_join(&threads);
    fact(FACT_COUNT, 3, awake);
    return error;
}

/* A buffer of one: full or empty is the condition. Two fill it, two empty it; all wait for the same condition variable. */
static int fill_or_empty(void *arg)
{
    u64 wanted = number_of(arg) % 2;

    for (unsigned i = 0; i < 12; i++) {
        mutex_lock(&mutex);
        while (shared != wanted)
            condvar_wait(&condvar, &mutex);
        clashes += ++inside > 1;
        shared = !wanted;
        awake++;
        inside--;
        condvar_broadcast(&condvar);
        mutex_unlock(&mutex);
    }
    return 0;
}

KTEST(condvar_race, "two threads fill a buffer of one, two empty it")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 4, fill_or_empty);
    threads_join(&threads);
    fact(FACT_NOTE, awake, 48);
    fact(FACT_RESULT, 0, clashes);
    return error;
}

/* A barrier: whoever comes last lets all go on, round after round. */
static int meet(void *arg)
{
    (void)arg;
    for (u64 round = 0; round < 8; round++) {
        mutex_lock(&mutex);
        clashes += shared != round;
        if (++inside == 3) {
            inside = 0;
            shared++;
            condvar_broadcast(&condvar);
        } else {
            while (shared == round)
                condvar_wait(&condvar, &mutex);
        }
        awake++;
        mutex_unlock(&mutex);
    }
    return 0;
}

KTEST(barrier_race, "three threads meet at a barrier, eight times")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 3, meet);
    threads_join(&threads);
    fact(FACT_NOTE, awake, 24);
    fact(FACT_RESULT, 0, clashes);
    return error;
}
