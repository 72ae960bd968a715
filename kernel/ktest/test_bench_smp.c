/* The work that `make bench` counts where there may be several CPUs (test_bench.c). */
#include "base/lock.h"
#include "ktest/ktest.h"
#include "ktest/marks.h"

#define ROUNDS 4

MARKS(spin_pair)

KTEST(bench_spin, "a spinlock that nobody else wants")
{
    static struct spinlock lock = SPINLOCK("bench", RANK_CONDVAR);
    u64 flags = irq_save();

    for (unsigned i = 0; i < ROUNDS; i++)
        COUNTED(spin_pair, (spin_lock(&lock), spin_unlock(&lock)));
    irq_restore(flags);
    return 0;
}
