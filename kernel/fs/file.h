/* Open files: what descriptors point to. Several descriptors, of several processes, may share one, with its position. */
#pragma once

#include "fs/io.h"

struct file;
struct inode;       /* fs/inode.h, from phase 3 on */
struct dir_sink;    /* fs/dir.h */
struct frame;       /* mm/frames.h */
struct poll_source; /* fs/poll.h */
struct epoll_item;  /* fs/epoll.c, from phase 5 on */
struct iovec;       /* fs/abi.h */

/* What a kind of file can do. NULL: it cannot. In thread context, no lock held. Those below the line are used from phase 3 on. */
struct file_ops {
    /* Up to io->left bytes into io. Blocks until there is one, unless the file says O_NONBLOCK. Returns how many, 0 at the end, or an
       error. */
    s64 (*read)(struct file *file, struct io *io);
    /* Bytes from io. Returns how many were taken, or an error. */
    s64 (*write)(struct file *file, struct io *io);
    /* The last reference has gone. */
    void (*release)(struct file *file);
    /* -- */
    /* Sets the position. Returns it or an error. A file without this has none (-ESPIPE). */
    s64 (*lseek)(struct file *file, s64 offset, int whence);
    /* arg: a number, or a user address. -ENOTTY: not known here. */
    s64 (*ioctl)(struct file *file, u32 command, uptr arg);
    /* What would not block now, as POLL* (fs/poll.h). NULL: reading and writing never block. */
    u32 (*poll)(struct file *file);
    /* What poll_changed() is called with when that changes. There is one where there is a poll(). */
    struct poll_source *(*source)(struct file *file);
    /* Hands the entries of a directory from the position on to the sink until it is full; moves the position. The tree's lock is held. */
    int (*readdir)(struct file *file, struct dir_sink *sink);
    /* The page of contents that has number `index`, with a reference; NULL with *error set: past the end (-EIO), or -ENOMEM. For
       mappings: called with the lock of an address space held. */
    struct frame *(*page)(struct file *file, u64 index, int *error);
    /* It is being mapped such that what one writes others see: from now on page() makes what is missing a part of the file. No lock held.
       Returns 0 or -ENOMEM. NULL: nothing to do. */
    int (*share)(struct file *file);
    /* What readv() and writev() do of a file that keeps messages apart: all `count` pieces of user memory, `total` bytes, as one. Returns
       as read() and write() do. NULL: piece by piece. */
    s64 (*pieces)(struct file *file, const struct iovec *list, u64 count, size_t total, bool write);
};

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_ACCMODE 3

struct file {
    u32 refs;                   /* [a] */
    u32 flags;                  /* O_*; the access mode is constant */
    const struct file_ops *ops; /* [c] */
    const char *name;           /* [c] for people */
    bool executed;              /* [c] exec() opened it */
    void *data;                 /* [c] what ops know it by: a device, a pipe */
    struct inode *inode;        /* [c] with a reference, or NULL */
    u64 offset;                 /* [inode's lock] the position */
    u8 locked;                  /* [flock_lock] fs/flock.h */
    struct epoll_item *watches; /* [epoll_mutex] of epolls that watch it (fs/epoll.c); set while there is a reference */
};

/* Gives back the inode of a file that is closed; set once at start, where there are inodes. */
extern void (*file_leaves_inode)(struct file *file);

/* Ends the watches of a file that is closed; set when there first are some. */
extern void (*file_leaves_epolls)(struct file *file);

void files_init(void);
/* A file with one reference, or NULL: no memory. */
struct file *file_new(const char *name, const struct file_ops *ops, void *data, u32 flags);
/* Opens the device of that name for reading and writing. Returns it with one reference, or NULL with *error = -ENOENT or -ENOMEM. */
struct file *file_open(const char *device, int *error);
void file_get(struct file *file);
/* The last one's leaving closes the file. Thread context. */
void file_put(struct file *file);

/* Whether it may be read (written): 0, -EBADF: it was not opened for that; -EINVAL: this kind of file cannot. */
int file_may(const struct file *file, bool write);
/* The position becomes from + offset. Returns it, or -EINVAL. Whatever guards the position is held. */
s64 file_seek(struct file *file, u64 from, s64 offset);
/* Reads and writes as the kind of file does, at io->pos or, where that is NULL, at the file's position. -EBADF: not opened for that;
   -EINVAL: this kind of file cannot. Thread context. */
s64 file_read(struct file *file, struct io *io);
s64 file_write(struct file *file, struct io *io);
