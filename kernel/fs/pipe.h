/* Pipes: bytes from writers to readers, in order, through a ring in memory. */
#pragma once

#include "fs/file.h"
#include "fs/poll.h"
#include "sched/interrupt.h"

#define PIPE_ORDER 4
#define PIPE_SIZE (PAGE_SIZE << PIPE_ORDER) /* bytes that a pipe holds, a power of two */

struct pipe {
    struct spinlock lock;
    u64 taken, put;              /* [l] bytes read and written since it was made: so many wait as put - taken */
    u32 readers, writers;        /* [l] open files that can */
    bool reading, writing;       /* [l] somebody is copying out of the ring, or into it, without the lock */
    struct wait_queue can_read;  /* [l] who waits for bytes, or for another reader to be done */
    struct wait_queue can_write; /* [l] who waits for room, or for another writer to be done */
    u64 reader_opens, writer_opens; /* [l] of a named pipe: how often it was opened so */
    bool nameless;               /* [c] opened through /proc/PID/fd, it waits for nobody at the other side */
    char *ring;                  /* [c] */
    struct poll_source source;
    u64 told_put;                /* [l] what pipe_changed() found last: bytes written, */
    u32 told_ends;               /* [l] readers and writers together, */
    bool told_room;              /* [l] room for PIPE_BUF bytes */
};

/* Lab 3.7 (pipe.c). Thread context, no lock held. `wait` is false where the file says O_NONBLOCK. */

/* Reads up to io->left (not 0) bytes into io: what is there, at least one byte. While there is none: waits, if there are writers; returns 0
   if there are none (the end), -EAGAIN if it may not wait, and what wait_interruptible() returned if that was an error. The bytes are
   copied with pipe_take(), without the lock, because the memory they go to may have to be made first; `reading` keeps other readers out
   meanwhile. Bytes that could not be copied (-EFAULT) stay. Wakes whoever it made room for or kept out, and calls
   pipe_changed(). */
s64 pipe_read(struct pipe *pipe, struct io *io, bool wait);
/* Writes io->left bytes (0: that is done, whoever reads). Up to PIPE_BUF bytes are written together, as one, so it waits until there is
   room for all of them; more may be written in parts, with others' bytes between. Returns how many were written; if none: -EPIPE (nobody
   can read any more), -EAGAIN (no room and it may not wait), -EFAULT, or what wait_interruptible() returned. */
s64 pipe_write(struct pipe *pipe, struct io *io, bool wait);
/* An open file of the pipe is closed that could read, or write, or both: whoever waits for it to do so waits no more. */
void pipe_leave(struct pipe *pipe, bool reader, bool writer);

/* For those three; see above. */

/* Copies the n oldest bytes of the ring to io, or n bytes from io behind the youngest. n is not above what there is, or what there is room
   for. Changes no count. The lock is not held. Returns 0 or -EFAULT. */
int pipe_take(struct pipe *pipe, struct io *io, size_t n);
int pipe_put(struct pipe *pipe, struct io *io, size_t n);

/* Tells who polls that bytes or room came, or that an end was closed. The lock is held. */
void pipe_changed(struct pipe *pipe);

static inline size_t pipe_bytes(const struct pipe *pipe)
{
    return pipe->put - pipe->taken;
}

static inline size_t pipe_room(const struct pipe *pipe)
{
    return PIPE_SIZE - pipe_bytes(pipe);
}

/* pipe_file.c */

/* Makes a pipe with a file for reading and one for writing; flags: O_NONBLOCK. Returns 0; -ENOMEM, and both are NULL. */
int pipe_new(struct file **reader, struct file **writer, u32 flags);
/* A pipe is being opened by its name, or through /proc/PID/fd (inode_ops.open). Of one with a name it waits for the other side, unless the
   file says O_NONBLOCK or both. */
int pipe_open_named(struct inode *inode, struct file *file);
void pipes_init(void);
