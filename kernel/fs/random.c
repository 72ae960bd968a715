/* SplitMix64 (Steele, Lea and Flood 2014): a counter, and a function that no two counts share a result of. No lock: the counter is
   atomic. */
#include "fs/random.h"
#include "base/cmdline.h"
#include "lib/string.h"

#define STEP 0x9e3779b97f4a7c15ul /* 2^64 divided by the golden ratio */

static u64 count; /* [a] */

static u64 next(void)
{
    u64 x = option_u64("seed") + STEP * __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ul;
    x = (x ^ x >> 27) * 0x94d049bb133111ebul;
    return x ^ x >> 31;
}

void random_bytes(void *buf, size_t n)
{
    char *to = buf;

    for (size_t part; n; n -= part, to += part) {
        u64 x = next();

        part = min(n, sizeof(x));
        memcpy(to, &x, part);
    }
}
