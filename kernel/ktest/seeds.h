/* What a test's run has from phase 2 on: seeds, which decide where threads lose the CPU. */
#pragma once

#include "base/cmdline.h"
#include "base/race.h"
#include "ktest/ktest.h"
#include "sched/smp.h"
#include "sched/thread.h"

#define LEAVE_TURNS 20 /* that whoever is about to exit gets for it */

/* From here on, this seed decides. The facts behind its mark are its own. */
static inline void seed_begin(u64 seed)
{
    if (option_given("seeds"))
        fact(FACT_SEED, seed, 0);
    smp_seed_ticks(seed);
    race_start(seed, option_u64("race"));
}

static inline void seed_first(void)
{
    seed_begin(option_u64("seed"));
}

/* Whether there is a seed number n, 0 being the first; it decides from here on. */
static inline bool seed_next(u64 n)
{
    if (n >= option_u64("seeds"))
        return false;
    seed_begin(option_u64("seed") + n);
    return true;
}

/* Nobody loses the CPU by chance any more. */
static inline void seeds_end(void)
{
    race_start(0, 0);
}

/* A test has run, and there were so many threads before. Whoever it waited for may still stand on its stack, if it was the waiter's turn at
   once: it may leave before the memory is counted. */
static inline void let_leave(unsigned before)
{
    for (unsigned i = 0; i < LEAVE_TURNS && thread_count() > before; i++)
        thread_yield();
}
