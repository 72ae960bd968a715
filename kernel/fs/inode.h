/* Files as the tree of names has them: inodes, and what a kind of file system does. Locks:
     [t] tree_lock, one mutex for all names: which entries directories have, who is whose parent, how many links there are. Nothing that is
         done under it waits for anything else, so one is enough, and rename() needs no order among directories.
     [m] the inode's own mutex: contents, size, position of its open files. Taken after tree_lock, never before it.
     [a] atomic     [c] constant */
#pragma once

#include "fs/abi.h"
#include "fs/file.h"
#include "sched/mutex.h"

/* A part of a path: no 0 byte follows. */
struct name {
    const char *text;
    size_t length;
};

struct inode;

/* What a file system does. With tree_lock held, unless it says otherwise; the caller has checked types and permissions. */
struct inode_ops {
    /* The entry of that name, with a reference, or -ENOENT. Not for "." and "..". */
    int (*lookup)(struct inode *dir, struct name name, struct inode **found);
    /* Makes a file of the type in mode and enters it: a directory, a file, a device `rdev`, a pipe, or a symbolic link to `target`. The
       name is free. It comes with a reference. -ENOMEM. NULL: nothing can be made here. */
    int (*create)(struct inode *dir, struct name name, u32 mode, u32 rdev, const char *target, struct inode **made);
    /* One more name for an inode of the same file system. */
    int (*link)(struct inode *dir, struct name name, struct inode *inode);
    /* Takes the name of `child` away. -ENOTEMPTY, -EBUSY for a directory. */
    int (*unlink)(struct inode *dir, struct name name, struct inode *child);
    /* Moves `child`. `replaced`, of the same kind, loses its name; NULL: the name is free. */
    int (*rename)(struct inode *dir, struct name name, struct inode *child, struct inode *to, struct name new_name, struct inode *replaced);
    /* Up to size bytes of where a symbolic link leads. Returns how many, or an error. */
    s64 (*readlink)(struct inode *inode, char *buf, size_t size);
    /* The file that a symbolic link stands for, with a reference, whatever has become of its name. -ENOENT, -EACCES. NULL: it leads along
       what readlink() says. */
    int (*stands_for)(struct inode *link, struct inode **found);
    /* Its name in its parent, up to NAME_MAX bytes without a 0. Returns the length. *gone: it stands there no more. */
    size_t (*name)(struct inode *inode, char *buf, bool *gone);
    /* Sets the size of a file's contents. The inode's mutex held instead. -ENOMEM, -EFBIG. */
    int (*truncate)(struct inode *inode, u64 size);
    /* A file is being opened: may change file->ops and file->data. No lock. NULL: nothing to do. */
    int (*open)(struct inode *inode, struct file *file);
    /* The last reference has gone. No lock. */
    void (*free)(struct inode *inode);
};

struct inode {
    u32 refs;                        /* [a] entries of directories, open files, working directories, children (for their `parent`) */
    u32 mode;                        /* [m] type (constant) and permissions */
    u32 uid, gid;                    /* [m] */
    u32 nlink;                       /* [t] 0: has no name any more */
    u32 rdev;                        /* [c] a device's number */
    u32 dev;                         /* [c] the file system's number: DEVICE_* */
    u64 ino;                         /* [c] */
    u64 size;                        /* [m] bytes */
    u64 blocks;                      /* [m] of 512 bytes */
    u64 atime, mtime, ctime;         /* [m], a directory's [t]; ns since 1970 */
    const struct inode_ops *ops;     /* [c] */
    const struct file_ops *file_ops; /* [c] of its open files */
    struct inode *parent;            /* [t] where it got its name last, with a reference; NULL: the root, and what never had one */
    struct pipe *pipe;               /* [m] a pipe's, while it is open */
    u32 writers;                     /* [a] a file's open files that write it */
    u32 lock_sharers;                /* [flock_lock] open files that have it locked with others; */
    bool locked_alone;               /* [flock_lock] one has it locked alone */
    struct list records;             /* [records_lock] fs/record_lock.h */
    struct mutex lock;
};

#define DEVICE_MEMFS 1
#define DEVICE_PROC 2
#define DEVICE_NAMELESS 3 /* of pipes, sockets and whatever else stands in no directory */

extern struct mutex tree_lock;
extern struct inode *tree_root; /* [c] once memfs_init() has made it */
extern u64 fs_epoch_ns;         /* [c] since 1970, when clock_ns() was 0 */

/* The time for a file's times. */
u64 fs_now(void);
/* Fills a new inode: one reference, the current time, a number. */
void inode_init(struct inode *inode, u32 mode, const struct inode_ops *ops, const struct file_ops *file_ops);
struct inode *inode_get(struct inode *inode);
/* NULL is allowed. The last one's leaving frees the inode. Thread context, no spinlock held. */
void inode_put(struct inode *inode);

static inline bool inode_is(const struct inode *inode, u32 type)
{
    return (inode->mode & S_IFMT) == type;
}

#define MAY_EXEC 1
#define MAY_WRITE 2
#define MAY_READ 4

/* Whether the running process may do this with it: 0 or -EACCES. */
int inode_permission(const struct inode *inode, u32 want);
/* 0 if the running process owns it or is root, else -EPERM. */
int inode_owned(const struct inode *inode);

/* One more (by = 1) or one less (-1) of the open files that write an inode, if this one does. */
void inode_count_writer(const struct file *file, int by);
/* Whether the running process belongs to its group, or is root. */
bool inode_in_group(const struct inode *inode);
/* Its contents are changed: takes the set-id bits away, unless root does it. A program that acts as its owner is to be the owner's text.
   The mutex held. */
void inode_lose_set_ids(struct inode *inode);

/* Attributes, as the calls of these names change them, with their checks. */
int inode_chmod(struct inode *inode, u32 mode);
int inode_chown(struct inode *inode, u32 uid, u32 gid);
int inode_truncate(struct inode *inode, s64 size);
/* Times in ns, or UTIME_NOW, UTIME_OMIT in .nsec. times NULL: now. */
int inode_utimens(struct inode *inode, const struct timespec times[2]);
void inode_stat(const struct inode *inode, struct stat *stat);
