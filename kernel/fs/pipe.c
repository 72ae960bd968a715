/* Reading and writing pipes: lab 3.7. Lock: the pipe's, never held while bytes are copied. */
#include "fs/pipe.h"
#include "base/panic.h"
#include "lib/errno.h"

s64 pipe_read(struct pipe *pipe, struct io *io, bool wait)
{
#if SOLVED >= 307
    u64 flags = spin_lock_irq(&pipe->lock);
    s64 result = 0;
    size_t n;

    while (pipe->reading || !pipe_bytes(pipe)) {
        if (!pipe->reading && !pipe->writers)
            goto out;
        result = wait || pipe->reading ? wait_interruptible(&pipe->can_read, &pipe->lock) : -EAGAIN;
        if (result)
            goto out;
    }
    n = min(io->left, pipe_bytes(pipe));
    pipe->reading = true;
    spin_unlock_irq(&pipe->lock, flags);
    result = pipe_take(pipe, io, n);
    flags = spin_lock_irq(&pipe->lock);
    pipe->reading = false;
    if (!result) {
        pipe->taken += n;
        result = (s64)n;
    }
    wake_all(&pipe->can_read);
    wake_all(&pipe->can_write);
    pipe_changed(pipe);
out:
    spin_unlock_irq(&pipe->lock, flags);
    return result;
#else
    /* Nothing there may mean: not yet, or never again. And what does another reader find while you copy? */
    (void)pipe, (void)io, (void)wait;
    panic("lab 3.7: pipe_read is yours to write (kernel/fs/pipe.c)");
#endif
}

s64 pipe_write(struct pipe *pipe, struct io *io, bool wait)
{
#if SOLVED >= 307
    size_t together = io->left <= PIPE_BUF ? io->left : 1;
    u64 flags = spin_lock_irq(&pipe->lock);
    s64 done = 0, error = 0;

    while (io->left && !error) {
        size_t n = min(io->left, pipe_room(pipe));

        if (!pipe->readers) {
            error = -EPIPE;
        } else if (pipe->writing || n < together) {
            error = wait || pipe->writing ? wait_interruptible(&pipe->can_write, &pipe->lock) : -EAGAIN;
        } else {
            pipe->writing = true;
            spin_unlock_irq(&pipe->lock, flags);
            error = pipe_put(pipe, io, n);
            flags = spin_lock_irq(&pipe->lock);
            pipe->writing = false;
            if (!error) {
                pipe->put += n;
                done += (s64)n;
            }
            wake_all(&pipe->can_read);
            wake_all(&pipe->can_write);
            pipe_changed(pipe);
        }
    }
    spin_unlock_irq(&pipe->lock, flags);
    return done ? done : error;
#else
    /* How much room must there be before the first byte goes in? And who reads, if nobody is left who could? */
    (void)pipe, (void)io, (void)wait;
    panic("lab 3.7: pipe_write is yours to write (kernel/fs/pipe.c)");
#endif
}

void pipe_leave(struct pipe *pipe, bool reader, bool writer)
{
#if SOLVED >= 307
    u64 flags = spin_lock_irq(&pipe->lock);

    pipe->readers -= reader;
    pipe->writers -= writer;
    wake_all(&pipe->can_read);
    wake_all(&pipe->can_write);
    pipe_changed(pipe);
    spin_unlock_irq(&pipe->lock, flags);
#else
    /* Who waits for bytes that nobody can write any more, or for room that nobody can make? */
    (void)pipe, (void)reader, (void)writer;
    panic("lab 3.7: pipe_leave is yours to write (kernel/fs/pipe.c)");
#endif
}
