/* Lab 2.5: mutexes. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"

static struct mutex mutex, second, third;
static volatile u64 shared, inside, clashes, awake;

static void set_up(void)
{
    mutex_init(&mutex, "first");
    mutex_init(&second, "second");
    mutex_init(&third, "third");
    shared = inside = clashes = awake = 0;
}

static void come_back(u64 who)
{
    fact(FACT_ORDER, awake, who);
    awake++;
}

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

    set_up();
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

    set_up();
    mutex_lock(&mutex);
    error = threads_start_at(&threads, mixed, array_len(mixed), lock_once);
    if (!error)
        threads_blocked(&threads);
    mutex_unlock(&mutex);
    fact(FACT_RESULT, 0, threads_waiting(&threads));
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

    set_up();
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

    set_up();
    mutex_lock(&mutex);
    error = threads_start(&threads, 1, give_up_locked);
    threads_join(&threads);
    return error;
}

KTEST(panic_mutex_twice, "a mutex is locked by the thread that owns it")
{
    set_up();
    mutex_lock(&mutex);
    mutex_lock(&mutex);
    return 0;
}

KTEST(panic_mutex_critical, "a mutex is locked inside a critical section")
{
    set_up();
    mutex_lock(&second);
    mutex_unlock(&second);
    critical_enter();
    mutex_lock(&mutex);
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

    set_up();
    error = threads_start(&threads, 3, lock_two);
    threads_join(&threads);
    return error;
}
