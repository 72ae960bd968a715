/* Lab 4.7: who waits for which word, who is woken, and in which order. Threads of one process that stay in the kernel call futex_wait() and
   the others as their system calls would; the words lie in a page of their space. */
#include "ktest/crew.h"
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "proc/futex.h"
#include "sched/interrupt.h"
#include "sched/timer.h"

#define PAGE 0x500000ul
#define WORD(n) (PAGE + 4ul * (n))
#define WORDS (PAGE_SIZE / 4)
#define STEPS 1000u
#define ALL 1000u
#define MOST 8u

static struct waiter {
    tid_t tid;
    uptr at;
    u32 value; /* that it expects */
    u32 bits;
    u64 when;
} waiters[MOST];

static struct address_space *space; /* the test's */
static u64 step; /* of the test, in what is told */

/* ORDER: step, who came back. RETURNED: who, with what. */
static int waits(void *arg)
{
    const struct waiter *w = &waiters[(u64)arg];
    int result = futex_wait(w->at, true, w->value, w->bits, w->when);

    fact(FACT_ORDER, step, (u64)arg);
    fact(FACT_RETURNED, (u64)arg, (u64)(s64)result);
    crew_thread_leaves();
    return 0;
}

/* A thread that waits as *w says, as number n; it does when this returns, or its call has come back. */
static int waiter_start(unsigned n, struct waiter w)
{
    int error;
    struct thread *t = crew_thread(space, waits, n, 1, &error);

    if (!t)
        return error;
    waiters[n] = w;
    waiters[n].tid = t->tid;
    thread_launch(t);
    while (t->state < THREAD_BLOCKED)
        thread_yield();
    return 0;
}

/* n more of them for that word, from number `first` on. */
static int waiters_start(unsigned first, unsigned n, uptr at)
{
    int error = 0;

    for (unsigned i = first; i < first + n && !error; i++)
        error = waiter_start(i, (struct waiter){ .at = at, .bits = FUTEX_ANY, .when = ~0ul });
    return error;
}

/* RESULT: step, what a call returned. Who was woken by it has come back when this returns. */
static void told(s64 result)
{
    fact(FACT_RESULT, step, (u64)result);
    for (unsigned i = 0; i < 20; i++)
        thread_yield();
    step++;
}

static void wake(uptr at, unsigned n)
{
    told(futex_wake(at, true, n, FUTEX_ANY));
}

/* The page, and no waiter; a test has MOST at most. */
static int begin(struct address_space *of)
{
    u32 zero = 0;
    int error = map_pages(of, PAGE, 2, ACCESS_READ | ACCESS_WRITE);

    space = of;
    step = 0;
    for (unsigned i = 0; i < MOST; i++)
        waiters[i].tid = 0;
    return error ? error : aspace_write(of, PAGE, &zero, sizeof(zero));
}

/* Those who are left go, wherever they wait, as if a signal had come. */
static int end(int error)
{
    for (unsigned i = 0; i < MOST; i++)
        if (waiters[i].tid) {
            thread_interrupt(thread_find(waiters[i].tid));
            thread_join(waiters[i].tid, NULL);
        }
    return error;
}

/* Wakes one for each word of the page but one. Returns how many were. */
static s64 wake_all_but(unsigned word)
{
    s64 woken = 0;

    for (unsigned i = 0; i < WORDS; i++)
        if (i != word)
            woken += futex_wake(WORD(i), true, 1, FUTEX_ANY);
    return woken;
}

static int order(struct address_space *of)
{
    int error = begin(of);

    if (!error)
        error = waiters_start(0, 6, WORD(0));
    if (!error) {
        told(wake_all_but(0));
        wake(WORD(0), 2);
        wake(WORD(0), 1);
        wake(WORD(0), ALL);
        wake(WORD(0), 1);
    }
    return end(error);
}

KTEST(futex_order, "six threads wait for a word: how many go, and who")
/* See told(), waits(). Step 0: all other words; 1: two go; 2: one; 3: all; 4: one. */
{
    return run_in_space(order);
}

static int bits(struct address_space *of)
{
    static const u32 of_waiter[] = { 1, 2, 3, 4, FUTEX_ANY };
    int error = begin(of);

    for (unsigned i = 0; i < array_len(of_waiter) && !error; i++)
        error = waiter_start(i, (struct waiter){ .at = WORD(0), .bits = of_waiter[i], .when = ~0ul });
    if (!error) {
        told(futex_wake(WORD(0), true, 1, 2));
        told(futex_wake(WORD(0), true, ALL, 3));
        told(futex_wake(WORD(0), true, ALL, 8));
        told(futex_wake(WORD(0), true, ALL, 12));
    }
    return end(error);
}

KTEST(futex_bits, "five threads wait with the bits 1, 2, 3, 4 and all")
/* See told(), waits(). Step 0: one with bit 2; 1: all with a bit of 3; 2: of 8; 3: of 12. */
{
    return run_in_space(bits);
}

static int expects(struct address_space *of)
{
    u32 five = 5;
    int error = begin(of);

    if (!error)
        error = aspace_write(of, WORD(0), &five, sizeof(five));
    if (!error)
        error = waiter_start(0, (struct waiter){ .at = WORD(0), .value = 4, .bits = FUTEX_ANY, .when = ~0ul });
    if (!error)
        wake(WORD(0), ALL);
    if (!error)
        error = waiter_start(1, (struct waiter){ .at = WORD(0), .value = 5, .bits = FUTEX_ANY, .when = ~0ul });
    if (!error)
        error = waiters_start(2, 1, PAGE + PAGE_SIZE); /* nobody has touched it yet */
    if (!error) {
        wake(WORD(0), ALL);
        wake(PAGE + PAGE_SIZE, ALL);
    }
    return end(error);
}

KTEST(futex_expects, "a thread waits for a word that is another, for one that is what it expects, and for one whose page is not made yet")
/* See told(), waits(). Step 0: the first has come back already; 1 wakes the second, 2 the third. */
{
    return run_in_space(expects);
}

static int moves(struct address_space *of)
{
    int error = begin(of);

    if (!error)
        error = waiters_start(0, 1, WORD(1));
    if (!error)
        error = waiters_start(1, 6, WORD(0));
    if (!error) {
        u32 expected = 1;

        told(futex_requeue(WORD(0), WORD(1), true, 1, 2, &expected));
        expected = 0;
        told(futex_requeue(WORD(0), WORD(1), true, 1, 2, &expected));
        wake(WORD(0), 1);
        told(futex_requeue(WORD(0), WORD(0), true, 0, ALL, NULL));
        wake(WORD(1), 2);
        wake(WORD(0), ALL);
        wake(WORD(1), ALL);
    }
    return end(error);
}

KTEST(futex_moves, "one thread waits for a word, six for another; some of these are to wait for the first")
/* See told(), waits(). 0 waits for word 1, 1 to 6 for word 0. Step 0: to be moved if word 0 is 1, which it is not; 1: one is woken, two are
   moved; 2: one is woken; 3: all that are left are moved to where they are; 4: two of word 1 are woken; 5: all of word 0; 6: of word 1. */
{
    return run_in_space(moves);
}

static int journey(struct address_space *of)
{
    int error = begin(of);
    s64 moved = 0;

    if (!error)
        error = waiters_start(0, 4, WORD(0));
    if (!error) {
        for (unsigned i = 0; i < STEPS; i++) /* past words of every bucket */
            moved += futex_requeue(WORD(i), WORD(i + 1), true, 0, 3, NULL);
        told(moved);
        told(wake_all_but(STEPS));
        wake(WORD(STEPS), ALL);
    }
    return end(error);
}

KTEST(futex_journey, "three of four threads that wait are moved from word to word, a thousand times")
/* See told(), waits(). Step 0: all the calls that moved them together; 1: all words but the last are woken; 2: the last. */
{
    return run_in_space(journey);
}

static int late(struct address_space *of)
{
    u64 soon = clock_ns() + NS_PER_MS;
    int error = begin(of);

    for (unsigned i = 0; i < 2 && !error; i++)
        error = waiter_start(i, (struct waiter){ .at = WORD(i), .bits = FUTEX_ANY, .when = soon });
    if (!error)
        error = waiters_start(2, 1, WORD(2));
    if (!error) {
        told(futex_requeue(WORD(1), WORD(2), true, 0, ALL, NULL));
        thread_sleep(2 * NS_PER_MS);
        told(wake_all_but(2));
        wake(WORD(2), ALL);
    }
    return end(error);
}

KTEST(futex_late, "two threads wait for a millisecond, and the second is moved to where a third one waits")
/* See told(), waits(). Step 0: one is moved; 1: all other words, when the time is over; 2: the word to which it was moved. */
{
    return run_in_space(late);
}
