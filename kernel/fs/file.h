/* Open files and the table of descriptors that a process has of them. */
#pragma once

#include "fs/device.h"

#define MAX_FDS 16 /* descriptors a process has */

/* An open file: what descriptors point to. Shared by count, freed with the last one. */
struct file {
    u32 refs;                   /* [files_lock] */
    struct char_device *device; /* constant */
};

struct fd_table {
    struct file *file[MAX_FDS]; /* [files_lock] NULL = closed */
};

void files_init(void);
/* Opens the device of that name. Returns it with one reference, or NULL with *error = -ENOENT or -ENOMEM. */
struct file *file_open(const char *device, int *error);
void file_get(struct file *file);
void file_put(struct file *file);

/* Puts a file, whose reference passes to the table, at the lowest free descriptor. Returns that, or -EMFILE (the reference
   stays the caller's). */
int fd_install(struct fd_table *table, struct file *file);
/* The file behind a descriptor with one more reference, or NULL: closed, or out of range. */
struct file *fd_file(struct fd_table *table, int fd);
/* Returns 0 or -EBADF. */
int fd_close(struct fd_table *table, int fd);
/* A second descriptor, the lowest free one, for the same open file: that, -EBADF or -EMFILE. */
int fd_dup(struct fd_table *table, int fd);
/* A new table gets the same open files. Returns 0. */
int fd_table_copy(struct fd_table *to, struct fd_table *from);
void fd_close_all(struct fd_table *table);
/* Read and write through a descriptor, as the device does, or -EBADF. Thread context. */
s64 fd_read(struct fd_table *table, int fd, void *buf, size_t n);
s64 fd_write(struct fd_table *table, int fd, const void *buf, size_t n);
