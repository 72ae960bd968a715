/* Numbers that look like chance, for tests, and are the same each time (xorshift64, Marsaglia 2003). */
#pragma once

#include "lib/types.h"

/* The next one. *state: not 0. */
static inline u64 random_of(u64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
