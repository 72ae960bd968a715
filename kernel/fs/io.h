/* Where bytes go to or come from: what is left of a caller's buffer, in kernel or in user memory. A file's read() puts into it, its write()
   gets from it, and neither knows whose memory it is. User memory may have to be made first, so no spinlock is held over io_put() and
   io_get(); there is user memory from phase 3 on. */
#pragma once

#include "lib/types.h"

struct io {
    u64 at;       /* the next byte's address */
    size_t left;  /* bytes */
    bool user;    /* `at` is a user address */
    u64 *pos;     /* where in the file; moved on by files that have positions */
    bool append;  /* written behind the end, whatever the file says */
    bool no_wait; /* the call has bytes already: who reads takes what is there */
};

static inline struct io io_kernel(const void *buf, size_t n)
{
    return (struct io){ .at = (u64)buf, .left = n };
}

/* n <= io->left bytes from src into the caller's buffer. Returns 0, or -EFAULT: the memory is not the caller's to write. */
int io_put(struct io *io, const void *src, size_t n);
/* n <= io->left bytes from the caller's buffer to dst. Returns 0, or -EFAULT: the memory is not the caller's to read. */
int io_get(struct io *io, void *dst, size_t n);
/* n <= io->left zeros into the caller's buffer. */
int io_zero(struct io *io, size_t n);
