/* Reading directories, and what all directories have in common. */
#pragma once

#include "fs/inode.h"

/* Takes entries as getdents64() hands them on. */
struct dir_sink {
    char *at;
    size_t left;  /* bytes */
    bool refused; /* an entry did not fit */
};

/* Adds an entry; `next` is the position behind it. Returns false if it does not fit: no further one is tried. */
bool dir_emit(struct dir_sink *sink, struct name name, u64 ino, u32 mode, u64 next);
/* "." and "..", if the position is before them; they have the positions 0 and 1. Returns false if they do not fit. */
bool dir_emit_dots(struct file *file, struct dir_sink *sink);
/* Entries from the file's position on into a kernel buffer, as getdents64() gives them. Returns how many bytes, 0 at the end; -EINVAL: not
   even one fits; -ENOTDIR; -ENOENT: the directory was removed. */
s64 dir_entries(struct file *file, char *buf, size_t size);

/* For the file_ops of directories. */
s64 dir_read(struct file *file, struct io *io);
s64 dir_lseek(struct file *file, s64 offset, int whence);
