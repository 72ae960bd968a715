/* Looking into an address space from outside: how much of what it has, and what stands there. */
#pragma once

#include "mm/aspace.h"

/* Bytes. */
struct space_use {
    u64 total;    /* of all regions */
    u64 resident; /* of the pages that are there */
    u64 shared;   /* ... and that somebody else has too: another space, or a file */
    u64 code;     /* of regions that may be executed */
    u64 data;     /* of private regions that may be written, without the stack: data, heap, mapped memory */
    u64 stack;
};

/* The space's lock is held; or, for dumps, none is, and the numbers are a little off. */
struct space_use space_use(const struct address_space *space);
/* Up to n bytes at `from`, as far as there are pages; does not make any. Returns how many. The space's lock is held. */
size_t space_peek(const struct address_space *space, uptr from, void *to, size_t n);
