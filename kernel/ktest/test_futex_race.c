/* Lab 4.7, with seeds: words that change, and threads that leave, while others wake and move those who wait. On four CPUs. */
#include "ktest/crew.h"
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "proc/futex.h"
#include "sched/affinity.h"

#define PAGE 0x500000ul
#define WORD(n) (PAGE + 4ul * (n))
#define ROUNDS 48u
#define TURNS 48u
#define ALL 1000u

static volatile u32 *words; /* the page, as the kernel reaches it */

static int begin(struct address_space *of)
{
    u32 zero = 0;
    int error = map_pages(of, PAGE, 1, ACCESS_READ | ACCESS_WRITE);

    if (!error)
        error = aspace_write(of, PAGE, &zero, sizeof(zero));
    if (error)
        return error;
    words = phys_to_virt(pte_page(*pagetable_walk(of->root, PAGE, false)));
    return crew_start(of);
}

static u64 slept[CREW_CPUS];        /* how often it was woken */
static bool wants_to[CREW_CPUS];    /* [a] it will wait the next moment */

/* Until the other one is about to wait, and a little longer, another time each round: what is wrong is so when it looks just now. */
static void meet(unsigned other, unsigned round)
{
    for (unsigned i = 0; i < 100 && !__atomic_load_n(&wants_to[other], __ATOMIC_ACQUIRE); i++)
        cpu_relax();
    __atomic_store_n(&wants_to[other], false, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < round % 3; i++)
        cpu_relax();
}

/* CPUs 0 and 1 take turns by word 0, CPUs 2 and 3 by word 1. */
static void take_turns(unsigned cpu)
{
    unsigned word = cpu / 2, me = cpu % 2;

    for (unsigned round = 0; round < TURNS; round++) {
        u32 turn;

        while ((turn = __atomic_load_n(&words[word], __ATOMIC_ACQUIRE)) != me) {
            __atomic_store_n(&wants_to[cpu], true, __ATOMIC_RELEASE);
            slept[cpu] += !futex_wait(WORD(word), true, turn, FUTEX_ANY, ~0ul);
        }
        meet(cpu ^ 1, round);
        __atomic_store_n(&words[word], 1 - me, __ATOMIC_RELEASE);
        (void)futex_wake(WORD(word), true, 1, FUTEX_ANY);
    }
}

static int turns(struct address_space *of)
{
    int error = begin(of);

    if (error)
        return error;
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++)
        slept[cpu] = 0;
    crew_do(take_turns);
    crew_end();
    fact(FACT_COUNT, 0, slept[0] + slept[1] + slept[2] + slept[3]);
    return 0;
}

KTEST(futex_turns, "two pairs of threads take turns, each with a word")
/* COUNT: waits that were woken. */
{
    return run_in_space(turns);
}

static u64 returned[CREW_CPUS][2]; /* woken; too late */
static u64 others;                 /* [a] who still waits now and then */
static u64 woken;

/* CPU 0 moves and wakes, the others wait for a short time. */
static void come_too_late(unsigned cpu)
{
    if (cpu == 0) {
        while (__atomic_load_n(&others, __ATOMIC_ACQUIRE)) {
            (void)futex_requeue(WORD(0), WORD(1), true, 0, 2, NULL);
            woken += (u64)futex_wake(WORD(1), true, ALL, FUTEX_ANY);
            cpu_relax();
        }
        return;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        int error = futex_wait(WORD(0), true, 0, FUTEX_ANY, clock_ns() + 1000 + round % 10 * 4000);

        returned[cpu][error != 0]++;
    }
    __atomic_fetch_sub(&others, 1, __ATOMIC_RELEASE);
}

static int too_late(struct address_space *of)
{
    int error = begin(of);

    if (error)
        return error;
    woken = 0;
    others = CREW_CPUS - 1;
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++)
        returned[cpu][0] = returned[cpu][1] = 0;
    crew_do(come_too_late);
    crew_end();
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++)
        for (unsigned i = 0; i < 2; i++)
            fact(FACT_COUNT, cpu << 1 | i, returned[cpu][i]);
    fact(FACT_RESULT, 0, woken);
    return 0;
}

KTEST(futex_too_late, "threads wait for a short time, while they are moved and woken")
/* COUNT: CPU << 1, waits that were woken; CPU << 1 | 1, that were not. RESULT: how many were woken, as futex_wake() says. */
{
    return run_in_space(too_late);
}
