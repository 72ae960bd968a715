/* statx(): what stat() says, and which of it is so. */
#include "fs/context.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define AT_STATX_SYNC_TYPE 0x6000 /* there is nothing that has to be fetched from anywhere first */
#define STATX_BASIC_STATS 0x7ffu
#define STATX_RESERVED 0x80000000u

struct statx_time {
    s64 sec;
    u32 nsec;
    u32 pad;
};

struct statx {
    u32 mask;
    u32 blksize;
    u64 attributes;
    u32 nlink, uid, gid;
    u16 mode, pad;
    u64 ino, size, blocks;
    u64 attributes_mask;
    struct statx_time atime, btime, ctime, mtime;
    u32 rdev_major, rdev_minor, dev_major, dev_minor;
    u64 spare[14];
};

_Static_assert(sizeof(struct statx) == 256 && offsetof(struct statx, atime) == 64, "as Linux has it");

static struct statx_time time_of(struct timespec t)
{
    return (struct statx_time){ .sec = t.sec, .nsec = (u32)t.nsec };
}

static u32 major_of(u64 dev)
{
    return dev >> 8 & 0xfff;
}

static u32 minor_of(u64 dev)
{
    return (dev & 0xff) | (dev >> 12 & 0xfff00);
}

/* All that there is, whatever was asked for, as Linux may. */
static struct statx statx_of(const struct stat *st)
{
    return (struct statx){
        .mask = STATX_BASIC_STATS, .blksize = (u32)st->blksize, .nlink = (u32)st->nlink, .uid = st->uid, .gid = st->gid,
        .mode = (u16)st->mode, .ino = st->ino, .size = (u64)st->size, .blocks = (u64)st->blocks,
        .atime = time_of(st->atime), .ctime = time_of(st->ctime), .mtime = time_of(st->mtime),
        .rdev_major = major_of(st->rdev), .rdev_minor = minor_of(st->rdev), .dev_major = major_of(st->dev),
        .dev_minor = minor_of(st->dev),
    };
}

s64 sys_statx(int folder, uptr path, u32 flags, u32 mask, uptr to)
{
    struct inode *inode = NULL;
    struct statx stx;
    struct stat st;
    int error = 0;
    char *name;

    if (mask & STATX_RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    name = sys_path(path, &error);
    if (name)
        error = path_find(folder, name, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), &inode);
    path_free(name);
    if (error)
        return error;
    inode_stat(inode, &st);
    inode_put(inode);
    stx = statx_of(&st);
    return copyout(to, &stx, sizeof(stx)) ? -EFAULT : 0;
}
