/* What the hidden tests' part inside the kernel shares: numbers drawn from the seed. grade/models/twin.py draws the same ones. */
#pragma once

#include "base/cmdline.h"
#include "ktest/ktest.h"

/* A generator of its own for whoever `who` is, so that the order in which several draw changes nothing. */
static inline u64 draws_of(u64 who)
{
    return option_u64("seed") + who * 0x9e3779b97f4a7c15ul;
}

/* One of 0 to below - 1, below 2^31 (Knuth's linear congruential generator). */
static inline u64 draw(u64 *draws, u64 below)
{
    *draws = *draws * 6364136223846793005ul + 1442695040888963407ul;
    return (*draws >> 33) % below;
}
