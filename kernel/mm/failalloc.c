/* Counts allocations and fails the chosen one: failalloc_start(), failalloc_stop(), and failalloc_now() for the allocators. No
   lock: the count is atomic, and whoever allocates in between counts as any other. */
#include "mm/failalloc.h"

bool failalloc_counting;

static u64 asked;   /* [a] requests since failalloc_start() */
static u64 failing; /* the number of the one that fails; 0 = none */

void failalloc_start(u64 n)
{
    asked = 0;
    failing = n;
    failalloc_counting = true;
}

u64 failalloc_stop(void)
{
    failalloc_counting = false;
    return asked;
}

bool failalloc_failed(void)
{
    return failing && asked >= failing;
}

bool failalloc_count(void)
{
    return __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) == failing;
}
