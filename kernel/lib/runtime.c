/* What the compiler calls where the processor model has no instruction for it. Pure. */
#include "lib/types.h"

int __popcountdi2(u64 x);

/* Counts bits pairwise, then by fours, then bytes (Hacker's Delight, 5-1). */
int __popcountdi2(u64 x)
{
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (int)(x * 0x0101010101010101 >> 56);
}
