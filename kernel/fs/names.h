/* What the calls on names do: opening, making, linking, moving, removing. Paths are buffers of PATH_MAX bytes (fs/path.h) and are used up.
   Each returns 0 or what Linux's call of that name returns; thread context, no lock held. */
#pragma once

#include "fs/path.h"

/* Whether open() knows flags and lets them stand together: 0 or -EINVAL. */
int fs_open_flags(u32 flags);
/* Opens as open() does. Returns the file with a reference, or NULL with *error. */
struct file *fs_open(int dirfd, char *path, u32 flags, u32 mode, int *error);
/* A file for an inode, whose reference it gets also when this fails. */
struct file *fs_open_inode(struct inode *inode, u32 flags, int *error);
/* mode with a type: mkdir(), mknod(), symlink(). target: a symbolic link's. */
int fs_make(int dirfd, char *path, u32 mode, u32 rdev, const char *target);
/* flags: AT_SYMLINK_FOLLOW, AT_EMPTY_PATH. to NULL: what is wrong with `from` is said, or -EFAULT. */
int fs_link(int from_fd, char *from, int to_fd, char *to, u32 flags);
/* One more name for an inode. */
int fs_link_inode(struct inode *inode, char *to);
/* flags: AT_REMOVEDIR or 0. */
int fs_unlink(int dirfd, char *path, u32 flags);
/* flags: RENAME_NOREPLACE or 0. */
int fs_rename(int from_fd, char *from, int to_fd, char *to, u32 flags);
int fs_chdir(struct inode *inode); /* which gets its reference */
s64 fs_readlink(int dirfd, char *path, char *buf, size_t size);
