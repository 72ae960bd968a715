/* When CPUs tick: never two at the same time, or for long after each other. Under QEMU, which lets CPUs take turns where their timers fall,
   those whose timers fall together may starve (docs/design.md). So each has a slot in the period, and a period of its own; CPU 0 keeps the
   period that was asked for, and ticks a whole one after it stopped being idle. A seed moves the others within their slots. */
#include "base/cpu.h"
#include "sched/rq.h"
#include "sched/smp.h"

#define STEP 7  /* thousandths of a period between the periods of two neighbours */
#define SPREAD 4 /* a seed makes one longer by 0 to 3 of them */

/* A number for a CPU, 0 for all if the seed is 0 (splitmix64, Steele, Lea and Flood 2014). */
static u64 mixed(u64 seed, u64 cpu)
{
    u64 x = seed * (cpu + 1) * 0x9e3779b97f4a7c15ul;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ul;
    x = (x ^ x >> 27) * 0x94d049bb133111ebul;
    return x ^ x >> 31;
}

static void spread(struct rq *rq, unsigned n, u64 seed)
{
    u64 i = (u64)rq->cpu, random = mixed(seed, i), period = rq->tick_asked, slot = period / n;

    rq->tick_phase = clock_ns() - period + slot * i + (random >> 32) % max(slot / 2, 1ul);
    rq->tick_ns = period + period * (i * STEP + (i ? random % SPREAD : 0)) / 1000;
}

void smp_spread_ticks(struct rq *rq)
{
    rq->tick_asked = rq->tick_ns;
    spread(rq, CONFIG_MAX_CPUS, 0);
}

void smp_seed_ticks(u64 seed)
{
    unsigned n = (unsigned)__builtin_popcountl(cpus_online);

    for (unsigned cpu = 1; cpu < n; cpu++) {
        struct rq *rq = &run_queues[cpu];
        u64 flags = spin_lock_irq(&rq->lock);

        spread(rq, n, seed);
        spin_unlock_irq(&rq->lock, flags);
    }
}

u64 smp_first_tick(const struct rq *rq, u64 now)
{
    return now + rq->tick_ns - (rq->cpu ? (now - rq->tick_phase) % rq->tick_ns : 0);
}
