/* Out of memory on purpose: with `failalloc=n`, the n-th allocation after failalloc_start() fails, whoever asks for it. Counts
   frames, slab objects and kernel stacks that a caller asked for (not the frame behind a slab, which is the allocator's own
   affair). */
#pragma once

#include "lib/types.h"

extern bool failalloc_counting; /* for failalloc_now() alone */

/* Counts from 1 again and lets the n-th allocation fail; 0 = none. */
void failalloc_start(u64 n);
/* Stops failing and counting. Returns how many allocations were asked for since failalloc_start(). */
u64 failalloc_stop(void);
/* Whether the one that had to fail since failalloc_start() did. */
bool failalloc_failed(void);
/* Counts a request. True if this one has to fail. */
bool failalloc_count(void);

/* Called by the allocators, once for each request: true if this one has to fail. One test while nobody counts. */
static inline bool failalloc_now(void)
{
    return unlikely(failalloc_counting) && failalloc_count();
}
