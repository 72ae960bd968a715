/* When CPUs tick: each once in a period, at a place of its own in it. Under QEMU, which lets CPUs take turns where their timers fall, a
   busy one computes from another one's tick to its own (timer_interrupt()), so the places divide the period evenly, however many CPUs there
   are (van der Corput 1935): 0, 1/2, 1/4, 3/4, 1/8... It is CPU 0's period, which begins anew when that stops being idle; the others
   follow with their next ticks. A seed moves the others' places a little. */
#include "base/cpu.h"
#include "sched/rq.h"
#include "sched/smp.h"
#include "sched/timer.h"

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

void smp_seed_ticks(u64 seed)
{
    u64 n = (u64)__builtin_popcountl(cpus_online);

    for (u64 cpu = 1; cpu < n; cpu++) {
        struct rq *rq = &run_queues[cpu];
        u64 flags = spin_lock_irq(&rq->lock);

        rq->tick_phase = place(rq) + mixed(seed, cpu) % max(rq->tick_ns / n / 2, 1ul);
        spin_unlock_irq(&rq->lock, flags);
    }
}

/* Its next place in CPU 0's period. */
static u64 at_its_place(const struct rq *rq, u64 now)
{
    u64 zero = __atomic_load_n(&run_queues[0].tick_phase, __ATOMIC_RELAXED);

    return now + rq->tick_ns - (now + 2 * rq->tick_ns - zero - rq->tick_phase) % rq->tick_ns;
}

u64 smp_first_tick(struct rq *rq, u64 now)
{
    if (rq->cpu)
        return at_its_place(rq, now);
    __atomic_store_n(&rq->tick_phase, now % rq->tick_ns, __ATOMIC_RELAXED);
    return now + rq->tick_ns;
}

u64 smp_later_tick(const struct rq *rq, u64 now)
{
    return rq->cpu ? at_its_place(rq, now) : rq->next_tick + (now - rq->next_tick) / rq->tick_ns * rq->tick_ns + rq->tick_ns;
}
