/* More work that `make bench` counts (test_bench.c): what blocking and a tick cost. Needs 2.1 to 2.3. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/sync.h"
#include "sched/timer.h"
#include "sched/wait.h"

#define ROUNDS 16 /* the last one is what is reported */

void bench_begin_block(void);
void bench_end_block(void);

__attribute__((noipa)) void bench_begin_block(void)
{
}

__attribute__((noipa)) void bench_end_block(void)
{
}

static struct spinlock lock = SPINLOCK("bench", RANK_WAIT);
static struct wait_queue queue[2] = { WAIT_QUEUE(queue[0], "bench"), WAIT_QUEUE(queue[1], "bench") };

static void wake_the_other(u64 me)
{
    u64 flags = spin_lock_irq(&lock);

    wake_one(&queue[!me]);
    spin_unlock_irq(&lock, flags);
}

/* Each wakes the other one and waits: from one's call the way leads to the other's return. */
static int wake_and_wait(void *arg)
{
    u64 me = number_of(arg);

    for (unsigned i = 0; i < ROUNDS; i++) {
        u64 flags = spin_lock_irq(&lock);

        wake_one(&queue[!me]);
        bench_begin_block();
        wait_on(&queue[me], &lock);
        bench_end_block();
        spin_unlock_irq(&lock, flags);
    }
    wake_the_other(me);
    return 0;
}

KTEST(bench_block, "two threads that wake each other and wait")
{
    struct test_threads threads;
    int error = threads_start(&threads, 2, wake_and_wait);

    threads_join(&threads);
    return error;
}

KTEST(bench_tick, "half a millisecond of work for a thread that is alone, for ticks to come in")
{
    u64 until = clock_ns() + 500000;

    while (clock_ns() < until)
        ;
    return 0;
}

/* --- from a wake to running -------------------------------------------------------------------------------------------------------- */

#define WAKES 32

static struct semaphore gate, own;
static volatile bool listens, done;
static u64 woken_at;

/* Sleeps for different times; how late it was at the latest. */
static u64 latest(void)
{
    u64 late = 0;

    for (unsigned i = 0; i < WAKES; i++) {
        u64 due = clock_ns() + 12000 + 997 * i; /* 997 is a prime: at another moment of the other one's round each time */

        thread_sleep_until(due);
        late = max(late, clock_ns() - due);
    }
    return late;
}

/* Critical: sleeps, and says how late it is; then waits for the other one, and says how long it took from there. */
static int urgent(void)
{
    u64 late = latest(), slow = 0;

    listens = true;
    for (unsigned i = 0; i < WAKES; i++) {
        semaphore_down(&gate);
        slow = max(slow, cycles() - woken_at);
    }
    fact(FACT_RESPONSE, 0, late);
    fact(FACT_RESPONSE, 1, slow);
    done = true;
    return 0;
}

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int busy_error;

/* Does everything that keeps interrupts off for a while. */
static int busy(void)
{
    while (!done) {
        struct thread_params params = THREAD_PARAMS("short", nothing, NULL);
        tid_t tid = thread_create(&params);

        if (tid > 0)
            thread_join(tid, NULL);
        else
            busy_error = tid; /* and on, until the other one is done */
        semaphore_up(&own);
        semaphore_down(&own);
        thread_yield();
        if (listens) {
            woken_at = cycles();
            semaphore_up(&gate);
        }
    }
    return 0;
}

static int urgent_or_busy(void *arg)
{
    return number_of(arg) ? busy() : urgent();
}

KTEST(bench_wake, "how late an urgent thread is that a timer, or another thread, wakes (boot with sched=prio)")
{
    static const enum thread_priority priority[] = { PRIORITY_CRITICAL, PRIORITY_NORMAL };
    struct test_threads threads;
    int error;

    semaphore_init(&gate, "gate", 0);
    semaphore_init(&own, "own", 0);
    fact(FACT_RESPONSE, 2, latest()); /* alone on the machine */
    listens = done = false;
    busy_error = 0;
    error = threads_start_at(&threads, priority, array_len(priority), urgent_or_busy);
    threads_join(&threads);
    return error ? error : busy_error;
}
