/* When CPUs tick: each once in a period, at a place of its own in it. Under QEMU, which lets CPUs take turns where their timers fall, a
   busy one computes from another one's tick to its own (timer_interrupt()), so the places divide the period evenly, however many CPUs there
   are (van der Corput 1935): 0, 1/2, 1/4, 3/4, 1/8... A seed moves all but CPU 0's. A CPU that is alone needs no place: it ticks whole
   periods after it stopped being idle. */
#include "base/cpu.h"
#include "sched/rq.h"
#include "sched/smp.h"
#include "sched/timer.h"

static bool alone(void)
{
    return !(cpus_online & (cpus_online - 1));
}

/* A number for a CPU, 0 for all if the seed is 0 (splitmix64, Steele, Lea and Flood 2014). */
static u64 mixed(u64 seed, u64 cpu)
{
    u64 x = seed * (cpu + 1) * 0x9e3779b97f4a7c15ul;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ul;
    x = (x ^ x >> 27) * 0x94d049bb133111ebul;
    return x ^ x >> 31;
}

/* ns into the period: the digits of the CPU's number, the last one worth most. */
static u64 place(const struct rq *rq)
{
    u64 at = 0, part = rq->tick_ns;

    for (u64 digits = (u64)rq->cpu; digits; digits >>= 1) {
        part /= 2;
        at += digits & 1 ? part : 0;
    }
    return at;
}

void smp_spread_ticks(struct rq *rq)
{
    rq->tick_phase = place(rq);
}

void smp_place_tick(void)
{
    struct rq *rq = this_rq();
    u64 flags = spin_lock_irq(&rq->lock);

    if (!alone())
        tick_start(rq);
    spin_unlock_irq(&rq->lock, flags);
}

void smp_seed_ticks(u64 seed)
{
    u64 n = (u64)__builtin_popcountl(cpus_online);

    for (u64 cpu = 1; cpu < n; cpu++) {
        struct rq *rq = &run_queues[cpu];
        u64 flags = spin_lock_irq(&rq->lock);

        rq->tick_phase = place(rq) + mixed(seed, cpu) % (rq->tick_ns / n / 2);
        spin_unlock_irq(&rq->lock, flags);
    }
}

u64 smp_first_tick(const struct rq *rq, u64 now)
{
    return now + rq->tick_ns - (alone() ? 0 : (now + rq->tick_ns - rq->tick_phase) % rq->tick_ns);
}
