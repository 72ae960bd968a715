/* Lab 2.4: the queue of timers by itself, and threads that sleep. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/timer.h"
#include "sched/wait.h"

/* --- the queue ---------------------------------------------------------------------------------------------------------------------- */

static struct timer_queue queue;
static struct timer timer[6];

static void set_up(void)
{
    rb_tree_init(&queue.tree, NULL);
    for (unsigned i = 0; i < array_len(timer); i++)
        rb_node_init(&timer[i].node);
}

static void insert(unsigned n, u64 when)
{
    timer[n].expires = when;
    timer_insert(&queue, &timer[n]);
}

/* All that has expired by now. */
static void pop(u64 now)
{
    struct timer *t;

    while ((t = timer_pop_expired(&queue, now)))
        fact(FACT_POPPED, now, (u64)(t - timer));
    fact(FACT_POPPED, now, ~0ul);
}

KTEST(timer_order, "timers set out of order, looked at at several times")
{
    set_up();
    insert(0, 300);
    insert(1, 100);
    insert(2, 200);
    pop(99);
    pop(100);
    insert(3, 200);
    insert(4, 150);
    pop(200);
    pop(1000);
    return 0;
}

KTEST(timer_wrap, "timers around the end of the clock's 64 bits, and where smaller numbers end")
{
    set_up();
    insert(0, 50); /* after the wrap */
    insert(1, ~0ul - 50);
    insert(2, ~0ul - 10);
    pop(~0ul - 20);
    pop(20);
    pop(60);
    set_up();
    insert(0, (1ul << 63) + 50); /* where a signed number ends */
    insert(1, (1ul << 63) - 50);
    pop((1ul << 63) - 20);
    pop((1ul << 63) + 60);
    set_up();
    insert(0, 3 * NS_PER_SEC); /* where an int ends */
    insert(1, 100);
    pop(110);
    pop(3 * NS_PER_SEC);
    return 0;
}

/* --- threads ------------------------------------------------------------------------------------------------------------------------- */

static u64 start;
static volatile u64 awake;

static const u64 order_ms[] = { 40, 30, 20, 10, 30, 30 };

static int sleep_until_mine(void *arg)
{
    thread_sleep_until(start + order_ms[number_of(arg)] * NS_PER_MS);
    fact(FACT_ORDER, awake++, number_of(arg));
    return 0;
}

KTEST(sleep_order, "six threads sleep, three of them to the same moment")
{
    struct test_threads threads;
    int error;

    awake = 0;
    start = clock_ns();
    error = threads_start(&threads, array_len(order_ms), sleep_until_mine);
    threads_join(&threads);
    return error;
}

static u64 sleep_and_look(u64 ns)
{
    u64 began = clock_ns();

    thread_sleep(ns);
    return clock_ns() - began;
}

KTEST(sleep_exact, "sleeps from a microsecond to a quarter of a second, on an idle machine")
{
    static const u64 ns[] = { 1000, 20000, 100000, 999999, 1000000, 1000001, 1500000, 7300000, 250 * NS_PER_MS };

    for (unsigned i = 0; i < array_len(ns); i++)
        fact(FACT_ASLEEP, ns[i], sleep_and_look(ns[i]));
    return 0;
}

KTEST(sleep_past, "sleeping for no time, and until moments that have passed")
{
    struct rq *rq = this_rq();
    u64 switches, stays;

    fact(FACT_ASLEEP, NS_PER_MS, sleep_and_look(NS_PER_MS));
    switches = rq->nr_switches;
    stays = rq->nr_stays;
    fact(FACT_RETURNED, 0, (u64)(s64)thread_sleep(0));
    fact(FACT_RETURNED, 1, (u64)(s64)thread_sleep_until(clock_ns() - 1));
    fact(FACT_RETURNED, 2, (u64)(s64)thread_sleep_until(0));
    fact(FACT_RETURNED, 3, (u64)(s64)thread_sleep(0ul - 100000));
    fact(FACT_SWITCHES, switches + stays, rq->nr_switches + rq->nr_stays);
    fact(FACT_INTERRUPTS, 0, irq_enabled());
    irq_disable();
    thread_sleep(0);
    fact(FACT_INTERRUPTS, 1, irq_enabled());
    irq_disable();
    thread_sleep(NS_PER_MS / 10);
    fact(FACT_INTERRUPTS, 2, irq_enabled());
    irq_enable();
    return 0;
}

KTEST(sleep_far_past, "sleeping until a moment so long ago that by its number it is still to come")
{
    fact(FACT_RETURNED, 0, (u64)(s64)thread_sleep_until(clock_ns() + (1ul << 63) + NS_PER_SEC));
    return 0;
}

KTEST(sleep_pending, "a sleep of a thread that was woken before, for something else")
{
    thread_wake(current());
    fact(FACT_ASLEEP, NS_PER_MS, sleep_and_look(NS_PER_MS));
    return 0;
}

static char channel;

/* Woken by hand when it waits for something else, and then in a sleep. */
static int sleep_after_a_rouse(void *arg)
{
    (void)arg;
    wait_prepare(&channel);
    wait_step(&channel);
    fact(FACT_ASLEEP, NS_PER_MS, sleep_and_look(NS_PER_MS));
    thread_sleep(NS_PER_SEC);
    fact(FACT_ASLEEP, NS_PER_MS, sleep_and_look(NS_PER_MS));
    return 0;
}

KTEST(sleep_roused_before, "sleeps of a thread that was woken by hand before: in another wait, and in another sleep")
{
    struct test_threads threads;
    int error;

    error = threads_start(&threads, 1, sleep_after_a_rouse);
    for (unsigned i = 0; i < 2 && !error; i++) {
        thread_sleep(5 * NS_PER_MS);
        thread_wake_by_hand(threads.tid[0]);
    }
    threads_join(&threads);
    return error;
}

#define LONG_NS (54 * NS_PER_SEC)

KTEST(sleep_long, "54 seconds of sleep")
{
    u64 before = timer_interrupts();

    fact(FACT_ASLEEP, LONG_NS, sleep_and_look(LONG_NS));
    fact(FACT_INTERRUPTS, 0, timer_interrupts() - before);
    return 0;
}

static int sleep_five(void *arg)
{
    u64 began = clock_ns();
    int error = thread_sleep(5 * NS_PER_MS);

    fact(FACT_ASLEEP, number_of(arg), clock_ns() - began);
    fact(FACT_RETURNED, number_of(arg), (u64)(s64)error);
    thread_safe_point(); /* the one that was killed leaves here */
    awake++;
    return 0;
}

KTEST(sleep_disturbed, "of four sleepers one stands still past its time, one for a while, one is woken by hand, and one killed")
{
    struct test_threads threads;
    int error, code = 0;

    awake = 0;
    error = threads_start(&threads, 4, sleep_five);
    thread_sleep(NS_PER_MS);
    if (!error) {
        thread_suspend(threads.tid[0]);
        thread_suspend(threads.tid[1]);
        thread_wake_by_hand(threads.tid[2]);
        thread_kill(threads.tid[3], 33);
        thread_sleep(NS_PER_MS);
        fact(FACT_COUNT, 0, awake);
        thread_join(threads.tid[3], &code); /* of what is freed here, no timer may be left */
        threads.n = 3;
        fact(FACT_EXIT_CODE, (u64)threads.tid[3], (u64)code);
        thread_resume(threads.tid[1]);
        thread_sleep(8 * NS_PER_MS);
        fact(FACT_COUNT, 1, awake);
        thread_resume(threads.tid[0]);
    }
    threads_join(&threads);
    fact(FACT_COUNT, 2, awake);
    return error;
}

static volatile u64 early, slept;

static int sleep_a_little(void *arg)
{
    for (u64 i = 0; i < 10; i++) {
        u64 ns = 3000 * (1 + (i * 7 + number_of(arg) * 5) % 11), took = sleep_and_look(ns), flags = irq_save();

        early += took < ns;
        slept++;
        irq_restore(flags);
    }
    return 0;
}

KTEST(sleep_race, "three threads that sleep often and briefly")
{
    struct test_threads threads;
    int error;

    early = slept = 0;
    error = threads_start(&threads, 3, sleep_a_little);
    threads_join(&threads);
    fact(FACT_NOTE, slept, early);
    return error;
}
