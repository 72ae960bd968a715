/* What all inodes have in common: references, permissions, attributes. Locks: see inode.h. */
#include "fs/inode.h"
#include "base/assert.h"
#include "fs/context.h"
#include "lib/errno.h"

struct mutex tree_lock = MUTEX(tree_lock, "names");
struct inode *tree_root;
u64 fs_epoch_ns;

static u64 last_ino; /* [a] */

u64 fs_now(void)
{
    return fs_epoch_ns + clock_ns();
}

void inode_init(struct inode *inode, u32 mode, const struct inode_ops *ops, const struct file_ops *file_ops)
{
    *inode = (struct inode){ .refs = 1, .mode = mode, .dev = DEVICE_MEMFS, .ops = ops, .file_ops = file_ops };
    inode->ino = __atomic_add_fetch(&last_ino, 1, __ATOMIC_RELAXED);
    inode->atime = inode->mtime = inode->ctime = fs_now();
    mutex_init(&inode->lock, "inode");
    list_init(&inode->records);
}

struct inode *inode_get(struct inode *inode)
{
    __atomic_fetch_add(&inode->refs, 1, __ATOMIC_RELAXED);
    return inode;
}

void inode_put(struct inode *inode)
{
    while (inode) { /* a loop and no recursion: a chain of removed directories may be long */
        u32 refs = __atomic_fetch_sub(&inode->refs, 1, __ATOMIC_ACQ_REL);
        struct inode *parent;

        ASSERT(refs, "inode_put: inode %lu was given back more often than taken", inode->ino);
        if (refs > 1)
            return; /* it may be gone already */
        parent = inode->parent;
        inode->ops->free(inode);
        inode = parent;
    }
}

void inode_count_writer(const struct file *file, int by)
{
    if (inode_is(file->inode, S_IFREG) && ((file->flags & O_ACCMODE) == O_WRONLY || (file->flags & O_ACCMODE) == O_RDWR))
        __atomic_fetch_add(&file->inode->writers, (u32)by, __ATOMIC_RELAXED);
}

static bool in_group(const struct fs_context *fs, u32 gid)
{
    bool in = fs->egid == gid;

    for (u32 i = 0; !in && i < fs->ngroups; i++)
        in = fs->groups[i] == gid;
    return in;
}

bool inode_in_group(const struct inode *inode)
{
    return !current_fs()->euid || in_group(current_fs(), inode->gid);
}

/* The set-id bits that a change takes away. S_ISGID on what the group may not execute says something else, to those in the group. */
static u32 set_ids_of(const struct inode *inode)
{
    return inode->mode & 010 || !inode_in_group(inode) ? S_ISUID | S_ISGID : S_ISUID;
}

void inode_lose_set_ids(struct inode *inode)
{
    if (current_fs()->euid)
        inode->mode &= ~set_ids_of(inode);
}

int inode_permission(const struct inode *inode, u32 want)
{
    const struct fs_context *fs = current_fs();
    u32 mode = inode->mode;

    if (!fs->euid) /* root may do everything but execute what nobody may */
        return want & MAY_EXEC && !inode_is(inode, S_IFDIR) && !(mode & 0111) ? -EACCES : 0;
    if (fs->euid == inode->uid)
        mode >>= 6;
    else if (in_group(fs, inode->gid))
        mode >>= 3;
    return (mode & want) == want ? 0 : -EACCES;
}

int inode_owned(const struct inode *inode)
{
    u32 euid = current_fs()->euid;

    return !euid || euid == inode->uid ? 0 : -EPERM;
}

int inode_chmod(struct inode *inode, u32 mode)
{
    int error;

    if (inode->dev == DEVICE_PROC)
        return -EPERM;
    mode &= S_ALL;
    mutex_lock(&inode->lock); /* also for the question: who gives the file away meanwhile does not give it with our set-id bits */
    error = inode_owned(inode);
    if (!error) {
        if (!inode_in_group(inode))
            mode &= ~S_ISGID;
        inode->mode = (inode->mode & S_IFMT) | mode;
        inode->ctime = fs_now();
    }
    mutex_unlock(&inode->lock);
    return error;
}

/* The mutex held. */
static int may_chown(const struct inode *inode, u32 uid, u32 gid)
{
    const struct fs_context *fs = current_fs();
    bool other_owner = uid != ~0u && (fs->euid != inode->uid || uid != inode->uid);
    bool other_group = gid != ~0u && (fs->euid != inode->uid || !(in_group(fs, gid) || gid == inode->gid));

    return fs->euid && (other_owner || other_group) ? -EPERM : 0;
}

int inode_chown(struct inode *inode, u32 uid, u32 gid)
{
    int error;

    mutex_lock(&inode->lock);
    error = may_chown(inode, uid, gid);
    if (!error) {
        if (!inode_is(inode, S_IFDIR))
            inode->mode &= ~set_ids_of(inode); /* the new owner did not ask for them */
        if (uid != ~0u)
            inode->uid = uid;
        if (gid != ~0u)
            inode->gid = gid;
        inode->ctime = fs_now();
    }
    mutex_unlock(&inode->lock);
    return error;
}

int inode_truncate(struct inode *inode, s64 size)
{
    int error;

    if (size < 0)
        return -EINVAL;
    if (inode_is(inode, S_IFDIR))
        return -EISDIR;
    if (!inode_is(inode, S_IFREG) || !inode->ops->truncate)
        return -EINVAL;
    mutex_lock(&inode->lock);
    error = inode->ops->truncate(inode, (u64)size);
    if (!error) {
        inode->mtime = inode->ctime = fs_now();
        inode_lose_set_ids(inode);
    }
    mutex_unlock(&inode->lock);
    return error;
}

static bool bad_time(const struct timespec *t)
{
    return (u64)t->nsec >= NS_PER_SEC && t->nsec != UTIME_NOW && t->nsec != UTIME_OMIT;
}

static void set_time(u64 *at, const struct timespec *t, u64 now)
{
    if (t->nsec == UTIME_NOW)
        *at = now;
    else if (t->nsec != UTIME_OMIT)
        *at = (u64)t->sec * NS_PER_SEC + (u64)t->nsec;
}

/* Who may write a file may say that it has changed now; everything else is its owner's. The mutex held. */
static int may_set_times(const struct inode *inode, bool both_now)
{
    if (!inode_owned(inode))
        return 0;
    if (!both_now)
        return -EPERM;
    return inode_permission(inode, MAY_WRITE);
}

int inode_utimens(struct inode *inode, const struct timespec times[2])
{
    static const struct timespec now[2] = { { .nsec = UTIME_NOW }, { .nsec = UTIME_NOW } };
    const struct timespec *t = times ? times : now;
    int error;

    if (bad_time(&t[0]) || bad_time(&t[1]))
        return -EINVAL;
    if (t[0].nsec == UTIME_OMIT && t[1].nsec == UTIME_OMIT)
        return 0;
    mutex_lock(&inode->lock);
    error = may_set_times(inode, t[0].nsec == UTIME_NOW && t[1].nsec == UTIME_NOW);
    if (!error) {
        inode->ctime = fs_now();
        set_time(&inode->atime, &t[0], inode->ctime);
        set_time(&inode->mtime, &t[1], inode->ctime);
    }
    mutex_unlock(&inode->lock);
    return error;
}

static struct timespec time_of(u64 ns)
{
    return (struct timespec){ (s64)(ns / NS_PER_SEC), (s64)(ns % NS_PER_SEC) };
}

/* Without the mutex, as inode_permission(): each number is of some moment. Where two have to be of the same one, as a program's owner and
   set-id bits, the mutex is taken. */
void inode_stat(const struct inode *inode, struct stat *stat)
{
    *stat = (struct stat){
        .dev = inode->dev, .ino = inode->ino, .nlink = inode->nlink, .mode = inode->mode, .uid = inode->uid, .gid = inode->gid,
        .rdev = inode->rdev, .size = (s64)inode->size, .blksize = PAGE_SIZE, .blocks = (s64)inode->blocks,
        .atime = time_of(inode->atime), .mtime = time_of(inode->mtime), .ctime = time_of(inode->ctime),
    };
}
