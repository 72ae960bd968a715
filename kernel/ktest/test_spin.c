/* Lab 4.1: spinlocks between CPUs that run no threads (bare_cpus.h). Boot CPU's interrupts are off while it takes part. */
#include "base/cmdline.h"
#include "base/lock.h"
#include "ktest/bare_cpus.h"
#include "ktest/ktest.h"

#define ROUNDS 200
#define CPUS 4

static struct spinlock lock = SPINLOCK("test", RANK_CONDVAR);
static volatile u64 counter, inside, most_inside; /* [lock], if it is one */
static u64 rounds;
static unsigned part; /* CPUs that take part. Written before they go */
static u32 arrived;   /* [a] how often one of them has come to meet the others */

/* Every few rounds, until the others have come as far: then all draw their numbers at the same time, as nobody does who had to wait. */
static void meet(u64 round)
{
    if (round % 4)
        return;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < part * (round / 4 + 1))
        cpu_relax();
}

/* What two CPUs at once would spoil: a count in two steps, and how many are in here. */
static void count_up(void)
{
    u64 now = counter;

    inside++;
    if (inside > most_inside)
        most_inside = inside;
    for (unsigned i = 0; i < 5; i++)
        cpu_relax(); /* whoever is not kept out comes in now */
    counter = now + 1;
    inside--;
}

static void count_many(unsigned n)
{
    (void)n;
    for (u64 i = 0; i < rounds; i++) {
        meet(i);
        spin_lock(&lock);
        count_up();
        spin_unlock(&lock);
    }
}

KTEST(spin_counts, "CPUs count under one lock, many times each")
/* COUNT: CPUs, the count; rounds each, the most that were inside at once. */
{
    u64 flags;
    unsigned n;

    rounds = option_u64("rounds") ?: ROUNDS;
    counter = inside = most_inside = 0;
    arrived = 0;
    part = n = bare_cpus_start(CPUS, count_many);
    flags = irq_save();
    bare_go_all();
    count_many(0);
    bare_wait_all();
    irq_restore(flags);
    fact(FACT_COUNT, n, counter);
    fact(FACT_COUNT, rounds, most_inside);
    return 0;
}

static unsigned order[CPUS], came; /* [lock] */

static void come_in(unsigned n)
{
    spin_lock(&lock);
    order[came++] = n;
    spin_unlock(&lock);
}

KTEST(spin_order, "CPUs that wait for a lock get it in the order in which they came")
/* NOTE: place, CPU. Three CPUs come one after the other, the last one first, while this one has the lock. */
{
    unsigned n = bare_cpus_start(CPUS, come_in);
    u64 flags = spin_lock_irq(&lock);

    for (unsigned cpu = n - 1; cpu > 0; cpu--) {
        u32 before = lock.word.next;

        bare_go(cpu);
        for (unsigned i = 0; i < 10000 && __atomic_load_n(&lock.word.next, __ATOMIC_RELAXED) == before; i++)
            cpu_relax();
    }
    spin_unlock_irq(&lock, flags);
    bare_wait_all();
    for (unsigned i = 0; i < came; i++)
        fact(FACT_NOTE, i, order[i]);
    return 0;
}

static volatile bool tried[CPUS];

static void try_once(unsigned n)
{
    tried[n] = spin_try_lock(&lock);
    if (tried[n])
        spin_unlock(&lock);
}

KTEST(spin_try, "who only tries does not wait, and gets a lock that is free")
/* FOUND: step, whether it was taken. 0: by another CPU while this one has it; 1: by another one when it is free; 2: by this one. */
{
    unsigned n = bare_cpus_start(3, try_once);
    u64 flags = spin_lock_irq(&lock);

    if (n == 3) {
        bare_go(1);
        bare_wait(1);
    }
    spin_unlock(&lock);
    if (n == 3) {
        bare_go(2);
        bare_wait(2);
    }
    fact(FACT_FOUND, 0, tried[1]);
    fact(FACT_FOUND, 1, tried[2]);
    try_once(0);
    fact(FACT_FOUND, 2, tried[0]);
    irq_restore(flags);
    return 0;
}
