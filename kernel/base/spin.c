/* Spinlocks between CPUs: lab 4.1. The rules are in spin.h. Interrupts are off in all of it. */
#include "base/spin.h"
#include "base/cpu.h"
#include "base/lab.h"

void spin_acquire(struct spin_word *word)
{
#if SOLVED >= 401
    u32 ticket = __atomic_fetch_add(&word->next, 1, __ATOMIC_RELAXED);

    while (unlikely(__atomic_load_n(&word->serving, __ATOMIC_ACQUIRE) != ticket))
        cpu_relax();
#else
    /* Two CPUs must never draw the same number, however close they come: __atomic_fetch_add() is one step for everybody. And who waits
       says cpu_relax(), or the one that it waits for may not get on. */
    (void)word;
    lab_stub_beside_others("4.1", "spin_acquire");
#endif
}

bool spin_try_acquire(struct spin_word *word)
{
#if SOLVED >= 401
    u32 ticket = __atomic_load_n(&word->serving, __ATOMIC_RELAXED);

    return __atomic_compare_exchange_n(&word->next, &ticket, ticket + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
#else
    /* Whose turn it is may change between your look and your step: __atomic_compare_exchange_n() looks and steps at once. */
    (void)word;
    lab_stub_beside_others("4.1", "spin_try_acquire");
    return true;
#endif
}

void spin_release(struct spin_word *word)
{
#if SOLVED >= 401
    __atomic_store_n(&word->serving, word->serving + 1, __ATOMIC_RELEASE);
#else
    /* Only the owner changes this word. Neither the compiler nor the processor may move what was done under the lock behind it. */
    (void)word;
    lab_stub_beside_others("4.1", "spin_release");
#endif
}
