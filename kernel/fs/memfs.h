/* The file system in memory: what the boot archive is unpacked into, and everything that is made later. */
#pragma once

#include "fs/inode.h"

#define MEMFS_SIZE_MAX (GIB(2) - PAGE_SIZE) /* a file's bytes: as many as one array of frames can name */

/* Makes tree_root. Once, at start. */
void memfs_init(void);
/* Enters a directory of another file system (its `parent` still NULL) into a directory of this one, for ever. tree_lock held. Returns 0 or
   -ENOMEM. */
int memfs_attach(struct inode *dir, struct name name, struct inode *inode);

/* A file of the running process's that stands in no directory, with a reference, or NULL: no memory. */
struct inode *memfs_nameless(u32 mode);
/* A file that stands in no directory and is of no type, open for reading and writing, or NULL: no memory. */
struct file *memfs_nameless_file(const char *name, const struct file_ops *ops, void *data, u32 flags);

/* What all files' contents together may take, in pages: half of the machine's memory, as Linux's tmpfs has it; and take. */
u64 memfs_room(void);
extern u64 memfs_used; /* [a] */

/* memfs_file.c: contents. */
struct memfs_contents {
    struct spinlock lock;  /* `page`, for those who only look */
    struct frame **page;   /* [m] changed with the lock, too; NULL: a hole, which reads as zeros */
    u64 pages;             /* [m] entries of `page` */
};

extern const struct file_ops memfs_file_ops;

struct memfs_contents *memfs_contents_of(struct inode *inode);
int memfs_truncate(struct inode *inode, u64 size);
