/* Lab 2.6c: who waits for a mutex lends its priority to the owner, and gets it back. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define CHAIN 6

static struct mutex mutex[CHAIN - 1];
static u64 step;

static void set_up(void)
{
    for (unsigned i = 0; i < array_len(mutex); i++)
        mutex_init(&mutex[i], "one of them");
    step = 0;
}

/* The effective priority of a thread, as the next step of the test. */
static void look(const struct thread *t)
{
    fact(FACT_EFFECTIVE, step++, (u64)thread_effective(t));
}

static struct thread *worker(const struct test_threads *threads, unsigned n)
{
    return thread_find(threads->tid[n]);
}

/* Thread n waits for mutex n, and then gives it up. */
static int lock_mine(void *arg)
{
    mutex_lock(&mutex[number_of(arg)]);
    mutex_unlock(&mutex[number_of(arg)]);
    return 0;
}

static int lock_first(void *arg)
{
    (void)arg;
    mutex_lock(&mutex[0]);
    mutex_unlock(&mutex[0]);
    return 0;
}

KTEST(inherit_lends, "two threads of higher priority wait for a mutex")
{
    struct test_threads threads = { .n = 0 };
    int error;

    set_up();
    mutex_lock(&mutex[0]);
    look(current());
    error = threads_add(&threads, PRIORITY_HIGH, lock_first);
    if (!error)
        threads_blocked(&threads);
    look(current());
    if (!error)
        error = threads_add(&threads, PRIORITY_CRITICAL, lock_first);
    if (!error)
        threads_blocked(&threads);
    look(current());
    mutex_unlock(&mutex[0]);
    look(current());
    threads_join(&threads);
    return error;
}

/* Thread n owns mutex n and waits for mutex n - 1. */
static int link_chain(void *arg)
{
    u64 n = number_of(arg);

    if (n < CHAIN - 1)
        mutex_lock(&mutex[n]);
    mutex_lock(&mutex[n - 1]);
    mutex_unlock(&mutex[n - 1]);
    if (n < CHAIN - 1)
        mutex_unlock(&mutex[n]);
    return 0;
}

KTEST(inherit_chain, "a thread waits for an owner who waits for an owner, and so on, six of them")
{
    static const enum thread_priority rising[CHAIN] = { PRIORITY_IDLE, PRIORITY_IDLE, PRIORITY_IDLE, PRIORITY_LOW, PRIORITY_LOW,
                                                        PRIORITY_CRITICAL };
    struct test_threads threads = { .n = 0 };
    int error = 0;

    set_up();
    mutex_lock(&mutex[0]);
    threads.tid[threads.n++] = 0; /* this thread is number 0 */
    for (unsigned i = 1; i < array_len(rising) && !error; i++) {
        error = threads_add(&threads, rising[i], link_chain);
        for (unsigned y = 0; y < 5; y++)
            thread_yield();
    }
    look(current());
    for (unsigned i = 1; i < threads.n; i++)
        look(worker(&threads, i));
    mutex_unlock(&mutex[0]);
    look(current());
    for (unsigned i = 1; i < threads.n; i++)
        thread_join(threads.tid[i], NULL);
    return error;
}

KTEST(inherit_several, "an owner of three mutexes, each of which somebody waits for, gives them up one by one")
{
    static const enum thread_priority lent[] = { PRIORITY_HIGH, PRIORITY_CRITICAL, PRIORITY_NORMAL };
    struct test_threads threads;
    int error;

    set_up();
    for (unsigned i = 0; i < 3; i++)
        mutex_lock(&mutex[i]);
    error = threads_start_at(&threads, lent, 3, lock_mine);
    if (!error)
        threads_blocked(&threads);
    look(current());
    mutex_unlock(&mutex[2]);
    look(current());
    mutex_unlock(&mutex[1]);
    look(current());
    mutex_unlock(&mutex[0]);
    look(current());
    threads_join(&threads);
    return error;
}

KTEST(inherit_set, "the own priorities of an owner and of who waits for it change meanwhile")
{
    struct test_threads threads = { .n = 0 };
    tid_t me = current()->tid;
    int error;

    set_up();
    mutex_lock(&mutex[0]);
    error = threads_add(&threads, PRIORITY_HIGH, lock_first);
    if (!error) {
        threads_blocked(&threads);
        look(current());
        thread_set_priority(me, PRIORITY_LOW);
        look(current());
        thread_set_priority(me, PRIORITY_CRITICAL);
        look(current());
        thread_set_priority(me, PRIORITY_NORMAL);
        thread_set_priority(threads.tid[0], PRIORITY_CRITICAL);
        look(current());
        thread_set_priority(threads.tid[0], PRIORITY_LOW);
        look(current());
    }
    mutex_unlock(&mutex[0]);
    look(current());
    threads_join(&threads);
    thread_set_priority(me, PRIORITY_CRITICAL);
    mutex_lock(&mutex[0]);
    mutex_lock(&mutex[1]);
    threads.n = 0;
    if (!error)
        error = threads_add(&threads, PRIORITY_HIGH, lock_first);
    if (!error)
        threads_blocked(&threads);
    mutex_unlock(&mutex[1]);
    look(current());
    thread_set_priority(me, PRIORITY_LOW);
    look(current());
    mutex_unlock(&mutex[0]);
    thread_set_priority(me, PRIORITY_NORMAL);
    threads_join(&threads);
    return error;
}

static int lock_second(void *arg)
{
    (void)arg;
    mutex_lock(&mutex[1]);
    mutex_unlock(&mutex[1]);
    return 0;
}

KTEST(inherit_crowd, "three threads wait for one of an owner's mutexes, one for the second, nobody for the third; the best one is killed")
{
    static const struct {
        enum thread_priority priority;
        int (*entry)(void *);
    } crowd[] = { { PRIORITY_HIGH, lock_first }, { PRIORITY_CRITICAL, lock_first }, { PRIORITY_NORMAL, lock_first },
                  { PRIORITY_LOW, lock_second } };
    struct test_threads threads = { .n = 0 };
    int error = 0;

    set_up();
    for (unsigned i = 0; i < 3; i++)
        mutex_lock(&mutex[i]);
    for (unsigned i = 0; i < array_len(crowd) && !error; i++) {
        error = threads_add(&threads, crowd[i].priority, crowd[i].entry);
        if (!error)
            threads_blocked(&threads);
    }
    look(current());
    mutex_unlock(&mutex[2]);
    look(current());
    if (!error)
        thread_kill(threads.tid[1], 1);
    for (unsigned i = 0; i < 5; i++)
        thread_yield();
    look(current());
    mutex_unlock(&mutex[1]);
    look(current());
    mutex_unlock(&mutex[0]);
    look(current());
    threads_join(&threads);
    return error;
}

static int give_up_waiting(void *arg)
{
    (void)arg;
    return mutex_lock_until(&mutex[1], clock_ns() + 2 * NS_PER_MS) == -ETIMEDOUT ? 0 : 1;
}

/* Number 0 owns the second mutex and waits for the first, which this thread owns. */
static int in_between(void *arg)
{
    (void)arg;
    mutex_lock(&mutex[1]);
    mutex_lock(&mutex[0]);
    mutex_unlock(&mutex[0]);
    mutex_unlock(&mutex[1]);
    return 0;
}

KTEST(inherit_timeout, "who waits at the end of a chain gives up, or is killed")
{
    struct test_threads threads = { .n = 0, .tid = { 0 } };
    int error;

    set_up();
    mutex_lock(&mutex[0]);
    error = threads_add(&threads, PRIORITY_IDLE, in_between);
    for (unsigned i = 0; i < 2 && !error; i++) {
        threads_blocked(&threads);
        error = threads_add(&threads, PRIORITY_CRITICAL, i ? lock_mine : give_up_waiting);
        if (!error && i)
            error = threads_add(&threads, PRIORITY_HIGH, lock_first); /* it goes on waiting for this thread's mutex */
        if (error)
            break;
        threads_blocked(&threads);
        look(current());
        look(worker(&threads, 0));
        if (i)
            thread_kill(threads.tid[1], 1);
        thread_sleep(4 * NS_PER_MS);
        look(current());
        look(worker(&threads, 0));
        thread_join(threads.tid[1], NULL);
        threads.n = 1 + i;
        threads.tid[1] = threads.tid[2]; /* the third one is left, if there is one */
    }
    mutex_unlock(&mutex[0]);
    threads_join(&threads);
    return error;
}

KTEST(inherit_freed, "who waits at the end of a chain is killed when the mutex at its beginning has just become free")
{
    struct test_threads threads = { .n = 0 };
    int error;

    set_up();
    mutex_lock(&mutex[0]);
    error = threads_add(&threads, PRIORITY_IDLE, in_between);
    if (!error) {
        threads_blocked(&threads);
        error = threads_add(&threads, PRIORITY_CRITICAL, lock_mine);
    }
    if (!error) {
        threads_blocked(&threads);
        thread_kill(threads.tid[1], 1); /* it runs first, and sees an owner who waits for a mutex that nobody owns */
    }
    mutex_unlock(&mutex[0]);
    threads_join(&threads);
    look(current());
    return error;
}

/* Gets the mutex for which another one still waits, and makes less of itself. */
static int lock_and_sink(void *arg)
{
    (void)arg;
    mutex_lock(&mutex[0]);
    thread_set_priority(current()->tid, PRIORITY_LOW);
    look(current());
    mutex_unlock(&mutex[0]);
    look(current());
    return 0;
}

KTEST(inherit_sinks, "the priority of a new owner changes while another one waits; and that of who was woken but has not run yet")
{
    struct test_threads threads = { .n = 0 };
    int error;

    set_up();
    mutex_lock(&mutex[0]);
    error = threads_add(&threads, PRIORITY_HIGH, lock_first);
    if (!error)
        error = threads_add(&threads, PRIORITY_CRITICAL, lock_and_sink);
    if (!error)
        threads_blocked(&threads);
    preempt_disable();
    mutex_unlock(&mutex[0]);
    for (unsigned i = 0; i < threads.n; i++)
        thread_set_priority(threads.tid[i], i ? PRIORITY_CRITICAL : PRIORITY_HIGH);
    preempt_enable();
    threads_join(&threads);
    return error;
}
