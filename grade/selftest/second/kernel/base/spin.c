/* A second solution of lab 4.1: a ticket is drawn by compare-and-exchange, and who waits looks the less often the more are before it. */
#include "base/spin.h"
#include "base/cpu.h"

void spin_acquire(struct spin_word *word)
{
    u32 mine = __atomic_load_n(&word->next, __ATOMIC_RELAXED);
    u32 before;

    while (!__atomic_compare_exchange_n(&word->next, &mine, mine + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
    while ((before = mine - __atomic_load_n(&word->serving, __ATOMIC_ACQUIRE)) != 0)
        while (before--)
            cpu_relax();
}

bool spin_try_acquire(struct spin_word *word)
{
    u32 next = __atomic_load_n(&word->next, __ATOMIC_RELAXED);

    if (__atomic_load_n(&word->serving, __ATOMIC_ACQUIRE) != next)
        return false;
    return __atomic_compare_exchange_n(&word->next, &next, next + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spin_release(struct spin_word *word)
{
    __atomic_fetch_add(&word->serving, 1, __ATOMIC_RELEASE);
}
