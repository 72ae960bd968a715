/* What the files with system calls on files share. */
#pragma once

#include "fs/names.h"

/* The caller's string in a path buffer, or NULL with *error = -EFAULT, -ENAMETOOLONG, -ENOMEM. */
char *sys_path(uptr string, int *error);
/* The open file behind the running process's descriptor with a reference, or NULL. */
struct file *sys_file(int fd);
/* The inode that the caller's path leads to, with a reference. flags: any AT_* of `allowed`, else -EINVAL. Errors of path_find() and
   sys_path(). */
int sys_find(int folder, uptr path, int flags, u32 allowed, struct inode **found);
/* The same of a descriptor. -EBADF; -EINVAL: the kernel's own console. */
int sys_find_fd(int fd, struct inode **found);
/* Gives the caller descriptors of two new files, whose references it takes, and writes their numbers to `fds`; or none of it. */
s64 sys_give_pair(struct file *file[2], uptr fds, bool cloexec);
/* n bytes of the caller's memory, as many of them as one call moves, from or to the place *pos of a file, or its position (NULL). */
struct io sys_io(uptr at, size_t n, u64 *pos);
/* The caller's list of pieces, from kmalloc(), and what they have together; NULL with an error instead. */
struct iovec *sys_pieces(uptr pieces, u64 count, s64 *total);
/* Tells the program how long it is until `when` (ns; 0 if that is over): seconds, and parts of one of so many ns each. */
void sys_tell_left(uptr at, u64 when, u64 part);
