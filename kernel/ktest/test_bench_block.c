/* More work that `make bench` counts (test_bench.c): what blocking and a tick cost. Needs 2.1 to 2.3. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
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
