/* Moving bytes between a file and its reader or writer (io.h). No lock. */
#include "fs/io.h"
#include "lib/string.h"
#include "mm/uaccess.h"

static const char zeros[512];

static void advance(struct io *io, size_t n)
{
    io->at += n;
    io->left -= n;
}

int io_put(struct io *io, const void *src, size_t n)
{
    int error = 0;

    if (io->user)
        error = copyout(io->at, src, n);
    else
        memcpy((void *)io->at, src, n);
    if (!error)
        advance(io, n);
    return error;
}

int io_get(struct io *io, void *dst, size_t n)
{
    int error = 0;

    if (io->user)
        error = copyin(dst, io->at, n);
    else
        memcpy(dst, (const void *)io->at, n);
    if (!error)
        advance(io, n);
    return error;
}

int io_zero(struct io *io, size_t n)
{
    int error = 0;

    for (size_t part; n && !error; n -= part) {
        part = min(n, sizeof(zeros));
        error = io_put(io, zeros, part);
    }
    return error;
}
