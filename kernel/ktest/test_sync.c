/* Lab 2.5: mutexes, semaphores, condition variables. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"

static struct mutex mutex, second, third;
static struct semaphore semaphore;
static struct condvar condvar;
static volatile u64 shared, inside, clashes, awake;

static void set_up(u64 count)
{
    mutex_init(&mutex, "first");
    mutex_init(&second, "second");
    mutex_init(&third, "third");
    semaphore_init(&semaphore, "tested", count);
    condvar_init(&condvar, "tested");
    shared = inside = clashes = awake = 0;
}

static void come_back(u64 who)
{
    fact(FACT_ORDER, awake, who);
    awake++;
}

static void let_run(void)
{
    for (unsigned i = 0; i < 10; i++)
        thread_yield();
}

/* How many of them wait for something. */
static unsigned how_many_wait(const struct test_threads *threads)
{
    unsigned n = 0;

    for (unsigned i = 0; i < threads->n; i++)
        n += thread_find(threads->tid[i])->state == THREAD_BLOCKED;
    return n;
}

/* --- mutexes ------------------------------------------------------------------------------------------------------------------------- */

static int add_locked(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 20; i++) {
        mutex_lock(&mutex);
        clashes += ++inside > 1;
        shared = shared + 1;
        inside--;
        mutex_unlock(&mutex);
    }
    return 0;
}

KTEST(mutex_excludes, "three threads that change a counter under a mutex")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 3, add_locked);
    threads_join(&threads);
    fact(FACT_NOTE, shared, threads.n * 20);
    fact(FACT_RESULT, 0, clashes);
    return error;
}

static int lock_once(void *arg)
{
    mutex_lock(&mutex);
    come_back(number_of(arg));
    mutex_unlock(&mutex);
    return 0;
}

KTEST(mutex_order, "a mutex that threads of different priorities wait for, and one that takes it as soon as it is free")
{
    static const enum thread_priority mixed[] = { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_NORMAL };
    struct test_threads threads;
    int error;

    set_up(0);
    mutex_lock(&mutex);
    error = threads_start_at(&threads, mixed, array_len(mixed), lock_once);
    if (!error)
        threads_blocked(&threads);
    mutex_unlock(&mutex);
    fact(FACT_RESULT, 0, how_many_wait(&threads));
    mutex_lock(&mutex); /* who was woken has not run yet, and has to wait again */
    let_run();
    fact(FACT_COUNT, 0, awake);
    mutex_unlock(&mutex);
    threads_join(&threads);
    return error;
}

static int keep_locked(void *arg)
{
    (void)arg;
    mutex_lock(&mutex);
    shared = 1;
    thread_sleep(1000 * NS_PER_SEC);
    thread_safe_point();
    return 0;
}

KTEST(mutex_killed, "the owner of a mutex is killed, and so is one of those who wait for it")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 1, keep_locked);
    let_run();
    if (!error)
        error = threads_add(&threads, PRIORITY_HIGH, lock_once);
    if (!error)
        error = threads_add(&threads, PRIORITY_NORMAL, lock_once);
    if (!error) {
        threads_blocked(&threads);
        thread_kill(threads.tid[1], 1);
    }
    thread_kill(threads.tid[0], 1);
    threads_join(&threads);
    fact(FACT_NOTE, mutex.owner != NULL, !list_empty(&mutex.waiters.waiters));
    return error;
}

static int give_up_locked(void *arg)
{
    (void)arg;
    mutex_unlock(&mutex);
    return 0;
}

KTEST(panic_mutex_foreign, "a mutex is given up by a thread that does not own it")
{
    struct test_threads threads;
    int error;

    set_up(0);
    mutex_lock(&mutex);
    error = threads_start(&threads, 1, give_up_locked);
    threads_join(&threads);
    return error;
}

KTEST(panic_mutex_twice, "a mutex is locked by the thread that owns it")
{
    set_up(0);
    mutex_lock(&mutex);
    mutex_lock(&mutex);
    return 0;
}

KTEST(panic_mutex_critical, "a mutex is locked inside a critical section")
{
    set_up(0);
    mutex_lock(&second);
    mutex_unlock(&second);
    critical_enter();
    mutex_lock(&mutex);
    return 0;
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

/* Thread n locks mutex n, and when all have one, mutex n + 1. */
static int lock_two(void *arg)
{
    struct mutex *all[] = { &mutex, &second, &third };

    mutex_lock(all[number_of(arg)]);
    shared++;
    while (shared < 3)
        thread_yield();
    mutex_lock(all[(number_of(arg) + 1) % 3]);
    return 0;
}

KTEST(panic_deadlock, "three threads wait for each other's mutexes in a circle")
{
    struct test_threads threads;
    int error;

    set_up(0);
    error = threads_start(&threads, 3, lock_two);
    threads_join(&threads);
    return error;
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
    fact(FACT_COUNT, 0, how_many_wait(&threads));
    semaphore_up(&semaphore);
    fact(FACT_COUNT, 1, how_many_wait(&threads));
    let_run();
    fact(FACT_COUNT, 2, how_many_wait(&threads));
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
