/* Moving bytes between a file and its reader or writer (io.h). No lock. */
#include "fs/io.h"
#include "lib/string.h"

static void advance(struct io *io, size_t n)
{
    io->at += n;
    io->left -= n;
}

int io_put(struct io *io, const void *src, size_t n)
{
    memcpy((void *)io->at, src, n);
    advance(io, n);
    return 0;
}

int io_get(struct io *io, void *dst, size_t n)
{
    memcpy(dst, (const void *)io->at, n);
    advance(io, n);
    return 0;
}

int io_zero(struct io *io, size_t n)
{
    memset((void *)io->at, 0, n);
    advance(io, n);
    return 0;
}
