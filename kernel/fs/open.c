/* Opening files by path. Lock: tree_lock for the walk and for making the file; the rest happens without it, since it may wait. */
#include "fs/context.h"
#include "fs/names.h"
#include "lib/errno.h"

#define NOT_HONOURED (O_ASYNC | O_DIRECT | O_PATH | (O_TMPFILE & ~O_DIRECTORY))

static u32 wanted(u32 flags)
{
    static const u8 by_mode[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };

    return by_mode[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

/* Whether what was found may be opened so. */
static int check(const struct inode *inode, u32 flags, bool slash)
{
    bool dir = inode_is(inode, S_IFDIR);

    if (dir && (flags & O_CREAT || wanted(flags) & MAY_WRITE))
        return -EISDIR;
    if (!dir && (slash || flags & O_DIRECTORY))
        return -ENOTDIR;
    if (inode_is(inode, S_IFSOCK))
        return -ENXIO;
    if (flags & O_NOATIME && inode_owned(inode))
        return -EPERM;
    return inode_permission(inode, wanted(flags));
}

static int create_here(struct walk *walk, u32 mode, struct inode **made)
{
    int error = walk->dir->ops->create ? walk_may_change(walk) : -ENOENT;

    if (error)
        return error;
    return walk->dir->ops->create(walk->dir, walk->last, S_IFREG | (mode & S_ALL & ~current_fs()->umask), 0, NULL, made);
}

static int open_locked(struct walk *walk, int dirfd, char *path, u32 flags, u32 mode, struct inode **found)
{
    bool slash = false;
    int error = walk_start(walk, dirfd, path);

    while (!error) {
        slash |= walk->slash;
        if (flags & O_CREAT && slash && walk->end == WALK_NAME)
            return -EISDIR;
        error = walk_look(walk, found);
        if (error == -ENOENT && flags & O_CREAT && walk->end == WALK_NAME)
            return create_here(walk, mode, found);
        if (error)
            break;
        if (flags & O_CREAT && flags & O_EXCL)
            error = -EEXIST;
        else if (!inode_is(*found, S_IFLNK))
            error = check(*found, flags, slash);
        else if (flags & O_NOFOLLOW && !slash)
            error = flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
        else {
            error = walk_follow(walk, *found);
            continue;
        }
        if (error)
            inode_put(*found);
        break;
    }
    return error;
}

/* The file, which is new and the callee's from now on, becomes the inode's. */
static struct file *open_inode(struct inode *inode, struct file *file, int *error)
{
    file->ops = inode->file_ops;
    file->inode = inode_get(inode);
    inode_count_writer(file, 1);
    *error = 0;
    if (inode->ops->open)
        *error = inode->ops->open(inode, file);
    file->flags &= ~O_NOCTTY; /* its device has seen it */
    if (!*error)
        return file;
    file->ops = inode->file_ops; /* what was not opened has nothing to release */
    file_put(file);
    return NULL;
}

static struct file *new_file(u32 flags)
{
    static const struct file_ops nothing; /* until it is an inode's */

    return file_new("file", &nothing, NULL, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC));
}

/* The file, or NULL: there was no memory for it. The inode's reference is the callee's, too. */
static struct file *open_found(struct inode *inode, struct file *file, u32 flags, int *error)
{
    if (file)
        file = open_inode(inode, file, error);
    else
        *error = -ENOMEM;
    if (file && flags & O_TRUNC && inode_is(inode, S_IFREG))
        *error = inode_truncate(inode, 0);
    inode_put(inode);
    if (*error && file) {
        file_put(file);
        file = NULL;
    }
    return file;
}

struct file *fs_open_inode(struct inode *inode, u32 flags, int *error)
{
    return open_found(inode, new_file(flags), flags, error);
}

int fs_open_flags(u32 flags)
{
    return flags & NOT_HONOURED || (flags & O_CREAT && flags & O_DIRECTORY) ? -EINVAL : 0;
}

struct file *fs_open(int dirfd, char *path, u32 flags, u32 mode, int *error)
{
    struct inode *inode = NULL;
    struct file *file;
    struct walk walk;

    *error = fs_open_flags(flags);
    if (*error)
        return NULL;
    file = new_file(flags); /* first: an open that finds no memory has made nothing that the next one would find */
    *error = file ? 0 : -ENOMEM;
    if (*error)
        return NULL;
    mutex_lock(&tree_lock);
    *error = open_locked(&walk, dirfd, path, flags, mode, &inode);
    mutex_unlock(&tree_lock);
    walk_stop(&walk);
    if (!*error)
        return open_found(inode, file, flags, error);
    file_put(file);
    return NULL;
}
