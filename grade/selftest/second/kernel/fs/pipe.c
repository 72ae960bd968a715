/* A second solution of lab 3.7: what may be done now is asked in one place for each side; a write is a row of parts. */
#include "fs/pipe.h"
#include "lib/errno.h"

#define LATER 1 /* what to answer is not known before something has happened */

/* Whether there are bytes for a reader: 0; LATER; -EAGAIN. *end: there are none, and none will come. */
static int may_read(const struct pipe *pipe, bool wait, bool *end)
{
    *end = false;
    if (pipe->reading)
        return LATER;
    if (pipe_bytes(pipe))
        return 0;
    *end = !pipe->writers;
    return *end ? 0 : wait ? LATER : -EAGAIN;
}

/* Whether there is room for a writer's next `least` bytes: 0; LATER; -EPIPE, -EAGAIN. */
static int may_write(const struct pipe *pipe, bool wait, size_t least)
{
    if (!pipe->readers)
        return -EPIPE;
    if (pipe->writing)
        return LATER;
    if (pipe_room(pipe) >= least)
        return 0;
    return wait ? LATER : -EAGAIN;
}

/* Something is different now: whoever waits looks again. */
static void tell_all(struct pipe *pipe)
{
    wake_all(&pipe->can_write);
    wake_all(&pipe->can_read);
    pipe_changed(pipe);
}

s64 pipe_read(struct pipe *pipe, struct io *io, bool wait)
{
    size_t n;
    bool end;
    int error;
    u64 flags = spin_lock_irq(&pipe->lock);

    while ((error = may_read(pipe, wait, &end)) == LATER) {
        error = wait_interruptible(&pipe->can_read, &pipe->lock);
        if (error)
            break;
    }
    if (error || end) {
        spin_unlock_irq(&pipe->lock, flags);
        return error;
    }
    pipe->reading = true;
    n = min(pipe_bytes(pipe), io->left); /* more may come meanwhile, but nobody else takes these */
    spin_unlock_irq(&pipe->lock, flags);

    error = pipe_take(pipe, io, n);

    flags = spin_lock_irq(&pipe->lock);
    pipe->taken += error ? 0 : n;
    pipe->reading = false;
    tell_all(pipe);
    spin_unlock_irq(&pipe->lock, flags);
    return error ? error : (s64)n;
}

/* Writes at least `least` bytes, and what else there is room for. Returns 0 or an error: nothing was written. */
static int write_part(struct pipe *pipe, struct io *io, bool wait, size_t least)
{
    size_t n;
    int error;
    u64 flags = spin_lock_irq(&pipe->lock);

    while ((error = may_write(pipe, wait, least)) == LATER) {
        error = wait_interruptible(&pipe->can_write, &pipe->lock);
        if (error)
            break;
    }
    if (error) {
        spin_unlock_irq(&pipe->lock, flags);
        return error;
    }
    pipe->writing = true;
    n = min(pipe_room(pipe), io->left);
    spin_unlock_irq(&pipe->lock, flags);

    error = pipe_put(pipe, io, n);

    flags = spin_lock_irq(&pipe->lock);
    pipe->put += error ? 0 : n;
    pipe->writing = false;
    tell_all(pipe);
    spin_unlock_irq(&pipe->lock, flags);
    return error;
}

s64 pipe_write(struct pipe *pipe, struct io *io, bool wait)
{
    size_t all = io->left, least = all <= PIPE_BUF ? all : 1;
    int error = 0;

    while (!error && io->left)
        error = write_part(pipe, io, wait, least);
    return io->left < all ? (s64)(all - io->left) : error;
}

void pipe_leave(struct pipe *pipe, bool reader, bool writer)
{
    u64 flags = spin_lock_irq(&pipe->lock);

    if (reader)
        pipe->readers--;
    if (writer)
        pipe->writers--;
    if (!pipe->readers || !pipe->writers)
        tell_all(pipe); /* while there are others of the kind, nobody need know */
    spin_unlock_irq(&pipe->lock, flags);
}
