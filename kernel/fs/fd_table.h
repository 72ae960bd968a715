/* Descriptors: the table of open files that a process has. */
#pragma once

#include "base/lock.h"
#include "fs/file.h"

#define MAX_FDS 16 /* descriptors that a process may have unless its limit says otherwise */

struct fd {
    struct file *file; /* NULL = closed */
    bool cloexec;      /* exec closes it */
};

struct fd_table {
    struct spinlock lock;
    struct fd *fd;             /* [l] `size` of them: those below, or on the heap */
    int size;                  /* [l] */
    int limit;                 /* [l] descriptors are below this */
    int lowest;                /* [l] below this none is free */
    struct fd first[MAX_FDS];
};

/* A descriptor for a file with an inode is closed, or becomes another file's; set once at start, where there are inodes. */
extern void (*fd_closes_inode)(struct fd_table *table, struct file *file);

void fd_table_init(struct fd_table *table);
/* Puts a file, whose reference passes to the table, at the lowest free descriptor that is not below `least`. Returns that, or -EMFILE,
   -ENOMEM (the reference stays the caller's). */
int fd_install_from(struct fd_table *table, struct file *file, int least, bool cloexec);
int fd_install(struct fd_table *table, struct file *file);
/* The file behind a descriptor with one more reference, or NULL: closed, or out of range. */
struct file *fd_file(struct fd_table *table, int fd);
/* Returns 0 or -EBADF. */
int fd_close(struct fd_table *table, int fd);
/* A second descriptor, the lowest free one, for the same open file: that, -EBADF, -EMFILE or -ENOMEM. */
int fd_dup(struct fd_table *table, int fd);
/* Closes all; the table is as new, but for its limit. */
void fd_close_all(struct fd_table *table);
/* Read and write kernel memory through a descriptor, as the file does, or -EBADF. Thread context. */
s64 fd_read(struct fd_table *table, int fd, void *buf, size_t n);
s64 fd_write(struct fd_table *table, int fd, const void *buf, size_t n);

/* From phase 3 on. */

/* Makes `copy` of the same open file as `fd`, closing what it was; both the same: nothing happens. Returns copy, -EBADF (fd is closed, or
   copy not below the limit) or -ENOMEM. */
int fd_dup_to(struct fd_table *table, int fd, int copy, bool cloexec);
/* 0 if there is a free descriptor, and room for its entry; else -EMFILE, -ENOMEM. */
int fd_room(struct fd_table *table);
/* Whether exec closes a descriptor: asks (0 or 1), or sets (returns 0). -EBADF. */
int fd_cloexec(struct fd_table *table, int fd);
int fd_set_cloexec(struct fd_table *table, int fd, bool cloexec);
/* Gives a new table (fd_table_init()) the descriptors of another one. Returns 0, or -ENOMEM and it has none. */
int fd_table_copy(struct fd_table *to, struct fd_table *from);
/* Closes what exec has to close. */
void fd_close_on_exec(struct fd_table *table);
