/* The race build (race.h): the functions that -fsanitize=thread calls, made into points where another thread may come in. Not
   instrumented itself; called with interrupts on or off. On one CPU a race point preempts, as if the timer had fired at that
   very access, wherever the timer might have. */
#include "base/race.h"
#include "arch/upcall.h"
#include "base/cpu.h"

#ifdef RACE

static u64 states[CONFIG_MAX_CPUS]; /* of each CPU's generator */
static u64 chance; /* [a] of 2^32; 0 = off */

void race_start(u64 seed, u64 period)
{
    __atomic_store_n(&chance, 0, __ATOMIC_RELAXED);
    for (u64 cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        states[cpu] = (seed + 1 + (cpu << 32)) * 0x9e3779b97f4a7c15ul | 1;
    __atomic_store_n(&chance, period ? (1ul << 32) / period : 0, __ATOMIC_RELAXED);
}

/* xorshift64* (Vigna 2014); the upper half is the better one. Interrupts off. */
static u32 next_random(void)
{
    u64 state = states[this_cpu()->id];

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    states[this_cpu()->id] = state;
    return (u32)(state * 0x2545f4914f6cdd1dul >> 32);
}

static void race_point(void)
{
    u64 flags, now = __atomic_load_n(&chance, __ATOMIC_RELAXED);
    bool hit;

    if (!now)
        return;
    flags = irq_save();
    hit = next_random() < now;
    if (hit)
        cpu_relax(); /* on several CPUs, the next one runs from here */
    if (hit && flags & RFLAGS_IF && !this_cpu()->preempt_count)
        preempt_by_force();
    irq_restore(flags);
}

#define ACCESS(name)         \
    void __tsan_##name(void); \
    void __tsan_##name(void)  \
    {                         \
        race_point();         \
    }
#define SIZES(kind) ACCESS(kind##1) ACCESS(kind##2) ACCESS(kind##4) ACCESS(kind##8) ACCESS(kind##16)

SIZES(read)
SIZES(write)
SIZES(volatile_read)
SIZES(volatile_write)
SIZES(unaligned_read)
SIZES(unaligned_write)
SIZES(unaligned_volatile_read)
SIZES(unaligned_volatile_write)
ACCESS(read_range)
ACCESS(write_range)
ACCESS(vptr_update)
ACCESS(func_entry)
ACCESS(func_exit)
ACCESS(init)

/* Atomic operations become calls, too: each does its work and is a race point before it. */
#define ATOMICS(bits)                                                                       \
    u##bits __tsan_atomic##bits##_load(const volatile u##bits *p, int order);               \
    u##bits __tsan_atomic##bits##_load(const volatile u##bits *p, int order)                \
    {                                                                                       \
        (void)order;                                                                        \
        race_point();                                                                       \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                        \
    }                                                                                       \
    void __tsan_atomic##bits##_store(volatile u##bits *p, u##bits value, int order);        \
    void __tsan_atomic##bits##_store(volatile u##bits *p, u##bits value, int order)         \
    {                                                                                       \
        (void)order;                                                                        \
        race_point();                                                                       \
        __atomic_store_n(p, value, __ATOMIC_SEQ_CST);                                       \
    }                                                                                       \
    ATOMIC_UPDATE(bits, exchange, __atomic_exchange_n)                                      \
    ATOMIC_UPDATE(bits, fetch_add, __atomic_fetch_add)                                      \
    ATOMIC_UPDATE(bits, fetch_sub, __atomic_fetch_sub)                                      \
    ATOMIC_UPDATE(bits, fetch_and, __atomic_fetch_and)                                      \
    ATOMIC_UPDATE(bits, fetch_or, __atomic_fetch_or)                                        \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile u##bits *p, u##bits *expected, u##bits value, int order, int failed); \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile u##bits *p, u##bits *expected, u##bits value, int order, int failed)  \
    {                                                                                       \
        (void)order, (void)failed;                                                          \
        race_point();                                                                       \
        return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }

#define ATOMIC_UPDATE(bits, name, builtin)                                                  \
    u##bits __tsan_atomic##bits##_##name(volatile u##bits *p, u##bits value, int order);    \
    u##bits __tsan_atomic##bits##_##name(volatile u##bits *p, u##bits value, int order)     \
    {                                                                                       \
        (void)order;                                                                        \
        race_point();                                                                       \
        return builtin(p, value, __ATOMIC_SEQ_CST);                                         \
    }

/* No race points: the accesses around them are. */
#define FENCE(name)                                 \
    void __tsan_atomic_##name##_fence(int order);   \
    void __tsan_atomic_##name##_fence(int order)    \
    {                                               \
        (void)order;                                \
        __atomic_##name##_fence(__ATOMIC_SEQ_CST);  \
    }

FENCE(thread)
FENCE(signal)
ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)

#else

void race_start(u64 seed, u64 period)
{
    (void)seed, (void)period;
}

#endif
