/* Random waits, wakes and moves: threads of one process wait for words of its memory, on one CPU, so that every answer is known. */
#include "ktest/crew.h"
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "proc/futex.h"
#include "sched/interrupt.h"

#define PAGES   0x500000ul
#define WORDS   20u
#define WAITERS 64u
#define AT_ONCE 20u /* that may wait at the same time */
#define STEPS   260u
#define LEGS    150u /* of a journey */
#define ALL     1000u

static struct {
    tid_t tid;
    uptr at;
    u32 value, bits;
} waiters[WAITERS];

static struct address_space *space;
static uptr words[WORDS];
static unsigned started, ended;
static u64 step;
static bool over; /* who comes back now was not woken */

/* ORDER: step, who came back. RETURNED: who, with what. */
static int waits(void *arg)
{
    u64 n = (u64)arg;
    int result = futex_wait(waiters[n].at, true, waiters[n].value, waiters[n].bits, ~0ul);

    if (!over) {
        fact(FACT_ORDER, step, n);
        fact(FACT_RETURNED, n, (u64)(s64)result);
    }
    ended++;
    crew_thread_leaves();
    return 0;
}

/* One more waits, or has come back, when this returns. */
static int waiter_start(uptr at, u32 value, u32 bits)
{
    int error;
    struct thread *t = crew_thread(space, waits, started, 1, &error);

    if (!t)
        return error;
    waiters[started].at = at;
    waiters[started].value = value;
    waiters[started].bits = bits;
    waiters[started++].tid = t->tid;
    thread_launch(t);
    for (unsigned i = 0; i < 3; i++)
        thread_yield();
    return 0;
}

/* RESULT: step, what a call returned. Who was woken by it has come back when this returns. */
static void told(s64 result)
{
    fact(FACT_RESULT, step, (u64)result);
    for (unsigned i = 0; i < 40; i++)
        thread_yield();
}

static u32 some_bits(u64 *draws)
{
    return draw(draws, 3) ? (u32)(1 + draw(draws, 31)) : FUTEX_ANY;
}

/* Some of those who wait for word a are moved from word to word. Returns how many moves that were. */
static s64 journey(u64 a, u64 *draws)
{
    s64 moved = 0;

    for (unsigned i = 0; i < LEGS; i++) {
        u64 b = draw(draws, WORDS), n = 1 + draw(draws, 4);

        moved += futex_requeue(words[a], words[b], true, 0, a == b ? ALL : (unsigned)n, NULL);
        a = b;
    }
    return moved;
}

static int play_step(u64 *draws)
{
    u64 what = draw(draws, 12), a = draw(draws, draw(draws, 3) ? 3 : WORDS), b = draw(draws, WORDS), n = draw(draws, 6), m = draw(draws, 9);
    u32 bits = some_bits(draws), value = draw(draws, 3) ? 7 : 8;

    if (draw(draws, 5) == 0)
        n = m = ALL;
    if (what < 5)
        return started < WAITERS && started - ended < AT_ONCE ? waiter_start(words[a], value, bits) : 0;
    if (what < 7)
        told(futex_wake(words[a], true, (unsigned)n, bits));
    else if (what < 9)
        told(futex_requeue(words[a], words[b], true, (unsigned)(n / 2), a == b ? ALL : (unsigned)m, NULL));
    else if (what < 10)
        told(futex_requeue(words[a], words[b], true, 0, a == b ? ALL : (unsigned)m, &value));
    else
        told(journey(a, draws));
    return 0;
}

/* Words anywhere in four pages, each of which holds 7. */
static int words_make(u64 *draws)
{
    u32 seven = 7;
    int error = map_pages(space, PAGES, 4, ACCESS_READ | ACCESS_WRITE);

    for (unsigned i = 0; i < WORDS && !error; i++) {
        words[i] = PAGES + (i * (4 * PAGE_SIZE / WORDS) / 4 + draw(draws, 100)) * 4; /* no two are the same */
        error = aspace_write(space, words[i], &seven, sizeof(seven));
    }
    return error;
}

static int play(struct address_space *of)
{
    u64 draws = draws_of(0);
    int error;

    space = of;
    started = ended = 0;
    over = false;
    error = words_make(&draws);
    for (step = 0; step < STEPS && !error; step++)
        error = play_step(&draws);
    over = true;
    for (unsigned i = 0; i < started; i++) {
        struct thread *t = thread_find(waiters[i].tid);

        if (t && t->state == THREAD_BLOCKED)
            thread_interrupt(t);
        thread_join(waiters[i].tid, NULL);
    }
    return error;
}

KTEST(hidden_futex, "threads wait for words, are woken and moved, as the seed decides")
/* See told(), waits(). */
{
    return run_in_space(play);
}
