/* What makes other CPUs wait for a spinlock: nothing, as long as there are none. */
#pragma once

#include "lib/types.h"

struct spin_word {
};

static inline void spin_acquire(struct spin_word *word)
{
    (void)word;
}

static inline bool spin_try_acquire(struct spin_word *word)
{
    (void)word;
    return true;
}

static inline void spin_release(struct spin_word *word)
{
    (void)word;
}
