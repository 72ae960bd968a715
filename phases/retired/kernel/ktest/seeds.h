/* What a test's run has from phase 2 on: before, nobody loses the CPU, and there is nothing to be decided by chance. */
#pragma once

#include "lib/types.h"

static inline void seed_first(void)
{
}

static inline bool seed_next(u64 n)
{
    (void)n;
    return false;
}

static inline void seeds_end(void)
{
}

static inline void let_leave(unsigned before)
{
    (void)before;
}
