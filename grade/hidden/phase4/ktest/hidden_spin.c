/* Random use of spinlocks whose numbers begin anywhere, by five to eight CPUs that run no threads (bare_cpus.h); and how CPUs queue up. */
#include "base/spin.h"
#include "ktest/bare_cpus.h"
#include "ktest/hidden.h"

#define LOCKS  2
#define STEPS  90
#define ROUNDS 4
#define LOOKS  20000u

static struct spin_word locks[LOCKS]; /* without the checks of base/lock.h: what goes wrong is counted */
static volatile u64 counted[LOCKS], inside[LOCKS], clashes; /* [that lock, if it is one] */
static u64 got[BARE_CPUS_MOST][LOCKS]; /* by each CPU */
static unsigned cpus_here, order[BARE_CPUS_MOST], came;

/* A lock whose next ticket is any number, also one of the last before 0. */
static void lock_make(struct spin_word *lock, u64 *draws)
{
    lock->next = lock->serving = draw(draws, 2) ? (u32)-draw(draws, 60) : (u32)draw(draws, 1ul << 31);
}

static void pause_for(u64 looks)
{
    while (looks--)
        cpu_relax();
}

/* A count in two steps, with whoever is not kept out coming in between. */
static void count_up(u64 n, u64 *draws)
{
    u64 now = counted[n];

    clashes += inside[n]++ != 0;
    pause_for(draw(draws, 25));
    counted[n] = now + 1;
    inside[n]--;
}

static void use_locks(unsigned me)
{
    u64 draws = draws_of(me + 1);

    for (unsigned step = 0; step < STEPS; step++) {
        u64 n = draw(&draws, LOCKS), tries = draw(&draws, 4) == 0;

        if (tries && !spin_try_acquire(&locks[n])) {
            pause_for(draw(&draws, 4));
            continue;
        }
        if (!tries)
            spin_acquire(&locks[n]);
        got[me][n]++;
        count_up(n, &draws);
        spin_release(&locks[n]);
        pause_for(draw(&draws, 4));
    }
}

static bool queueing; /* what work() is */

static void work(unsigned me)
{
    if (!queueing) {
        use_locks(me);
        return;
    }
    spin_acquire(&locks[0]);
    if (came < BARE_CPUS_MOST)
        order[came++] = me;
    spin_release(&locks[0]);
}

/* NOTE: round << 8 | place, who had the lock then. The others come one after the other, in an order that is drawn, while this one has it.
   FOUND: round, whether this CPU could have it by trying: 0 while all wait, 1 when all have gone. */
static void queue_up(u64 round, u64 *draws)
{
    u64 flags, waiting = ((1ul << cpus_here) - 1) & ~1ul;

    lock_make(&locks[0], draws);
    came = 0;
    flags = irq_save();
    spin_acquire(&locks[0]);
    while (waiting) {
        u64 cpu = draw(draws, cpus_here);
        u32 before = locks[0].next;

        if (!(waiting >> cpu & 1))
            continue;
        waiting &= ~(1ul << cpu);
        bare_go((unsigned)cpu);
        for (unsigned i = 0; i < LOOKS && __atomic_load_n(&locks[0].next, __ATOMIC_RELAXED) == before; i++)
            cpu_relax();
    }
    fact(FACT_FOUND, round << 1, spin_try_acquire(&locks[0]));
    spin_release(&locks[0]);
    irq_restore(flags);
    bare_wait_all();
    for (unsigned i = 0; i < came; i++)
        fact(FACT_NOTE, round << 8 | i, order[i]);
    flags = irq_save();
    fact(FACT_FOUND, round << 1 | 1, spin_try_acquire(&locks[0]));
    irq_restore(flags);
}

KTEST(hidden_spin, "CPUs lock and try, and queue up, as the seed decides")
/* COUNT: CPUs. RESULT: 0, times that two were inside; 1 + n, whether what was counted under lock n is what was to be. See queue_up(). */
{
    u64 draws = draws_of(0), flags;

    cpus_here = bare_cpus_start((unsigned)(5 + draw(&draws, 4)), work);
    fact(FACT_COUNT, 0, cpus_here);
    queueing = false;
    for (unsigned n = 0; n < LOCKS; n++) {
        lock_make(&locks[n], &draws);
        counted[n] = inside[n] = 0;
    }
    flags = irq_save();
    bare_go_all();
    use_locks(0);
    bare_wait_all();
    irq_restore(flags);
    fact(FACT_RESULT, 0, clashes);
    for (unsigned n = 0; n < LOCKS; n++) {
        u64 sum = 0;

        for (unsigned cpu = 0; cpu < cpus_here; cpu++)
            sum += got[cpu][n];
        fact(FACT_RESULT, 1 + n, sum == counted[n] && sum > 0);
    }
    queueing = true;
    for (u64 round = 0; round < ROUNDS; round++)
        queue_up(round, &draws);
    return 0;
}
