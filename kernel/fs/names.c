/* Making, linking, moving and removing names. Lock: tree_lock, from the walk's beginning to the end of the change. */
#include "fs/names.h"
#include "fs/context.h"
#include "lib/errno.h"

#define MODE_BITS_KEPT (S_ALL & ~(S_ISUID | S_ISGID)) /* of a new directory */

/* Looks for the last part as something to be made: -EEXIST if it is there. */
static int look_for_free(struct walk *walk, bool directory)
{
    struct inode *found;
    int error = walk->end == WALK_NAME ? walk_look(walk, &found) : -EEXIST;

    if (!error) {
        inode_put(found);
        return -EEXIST;
    }
    if (error != -ENOENT || (walk->slash && !directory) || !walk->dir->ops->create)
        return error;
    return walk_may_change(walk);
}

static u32 mode_of_new(u32 mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return S_IFLNK | 0777;
    case S_IFDIR:
        return S_IFDIR | (mode & MODE_BITS_KEPT & ~current_fs()->umask);
    default:
        return (mode & S_IFMT) | (mode & S_ALL & ~current_fs()->umask);
    }
}

int fs_make(int dirfd, char *path, u32 mode, u32 rdev, const char *target)
{
    struct inode *made = NULL;
    struct walk walk;
    int error;

    mutex_lock(&tree_lock);
    error = walk_start(&walk, dirfd, path);
    if (!error)
        error = look_for_free(&walk, (mode & S_IFMT) == S_IFDIR);
    if (!error)
        error = walk.dir->ops->create(walk.dir, walk.last, mode_of_new(mode), rdev, target, &made);
    mutex_unlock(&tree_lock);
    inode_put(made);
    walk_stop(&walk);
    return error;
}

static int link_locked(struct walk *walk, int dirfd, char *path, struct inode *inode)
{
    int error = walk_start(walk, dirfd, path);

    if (!error)
        error = look_for_free(walk, false);
    if (error)
        return error;
    if (inode->dev != walk->dir->dev)
        return -EXDEV;
    if (inode_is(inode, S_IFDIR))
        return -EPERM;
    return inode->nlink ? walk->dir->ops->link(walk->dir, walk->last, inode) : -ENOENT;
}

static int link_at(struct inode *inode, int dirfd, char *path)
{
    struct walk walk;
    int error;

    mutex_lock(&tree_lock);
    error = link_locked(&walk, dirfd, path, inode);
    mutex_unlock(&tree_lock);
    walk_stop(&walk);
    return error;
}

int fs_link_inode(struct inode *inode, char *to)
{
    return link_at(inode, AT_FDCWD, to);
}

int fs_link(int from_fd, char *from, int to_fd, char *to, u32 flags)
{
    u32 find = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    struct inode *inode;
    int error = path_find(from_fd, from, find, &inode);

    if (error)
        return error;
    error = to ? link_at(inode, to_fd, to) : -EFAULT;
    inode_put(inode);
    return error;
}

/* Whether the running process may take the name of `child` out of the directory. */
static int may_remove(const struct walk *walk, const struct inode *child)
{
    int error = inode_permission(walk->dir, MAY_WRITE | MAY_EXEC);

    if (error || !(walk->dir->mode & S_ISVTX))
        return error;
    return inode_owned(child) && inode_owned(walk->dir) ? -EPERM : 0; /* in /tmp, others' files are not ours to remove */
}

/* Of a path that ends in no name. */
static int cannot_remove(const struct walk *walk, bool directory)
{
    if (!directory)
        return -EISDIR;
    return walk->end == WALK_DOT ? -EINVAL : walk->end == WALK_DOTDOT ? -ENOTEMPTY : -EBUSY;
}

static int unlink_found(const struct walk *walk, struct inode *child, bool directory)
{
    bool is_directory = inode_is(child, S_IFDIR);
    int error;

    if (!directory && walk->slash)
        return is_directory ? -EISDIR : -ENOTDIR;
    error = may_remove(walk, child);
    if (error)
        return error;
    if (is_directory != directory)
        return directory ? -ENOTDIR : -EISDIR;
    return walk->dir->ops->unlink ? walk->dir->ops->unlink(walk->dir, walk->last, child) : -EPERM;
}

int fs_unlink(int dirfd, char *path, u32 flags)
{
    bool directory = flags & AT_REMOVEDIR;
    struct inode *child = NULL;
    struct walk walk;
    int error;

    mutex_lock(&tree_lock);
    error = walk_start(&walk, dirfd, path);
    if (!error)
        error = walk.end == WALK_NAME ? walk_look(&walk, &child) : cannot_remove(&walk, directory);
    if (!error)
        error = unlink_found(&walk, child, directory);
    mutex_unlock(&tree_lock);
    inode_put(child); /* frees the contents, if this was the last name: not under the lock */
    walk_stop(&walk);
    return error;
}

static bool is_inside(const struct inode *dir, const struct inode *ancestor)
{
    while (dir && dir != ancestor)
        dir = dir->parent;
    return dir != NULL;
}

/* child moves from `from` to `to`, where `replaced` (or NULL) stands. */
static int rename_found(struct walk *from, struct inode *child, struct walk *to, struct inode *replaced, u32 flags)
{
    bool directory = inode_is(child, S_IFDIR);
    int error;

    if (replaced && flags & RENAME_NOREPLACE)
        return -EEXIST;
    if (!directory && (from->slash || to->slash))
        return -ENOTDIR;
    if (directory && is_inside(to->dir, child))
        return -EINVAL;
    if (replaced && is_inside(from->dir, replaced))
        return -ENOTEMPTY;
    if (!replaced && !to->dir->ops->create)
        return -ENOENT;
    if (child == replaced)
        return 0;
    error = may_remove(from, child);
    if (!error)
        error = replaced ? may_remove(to, replaced) : walk_may_change(to);
    if (!error && replaced && directory != inode_is(replaced, S_IFDIR))
        error = directory ? -ENOTDIR : -EISDIR;
    if (!error && directory && from->dir != to->dir)
        error = inode_permission(child, MAY_WRITE); /* its ".." changes */
    if (error)
        return error;
    return from->dir->ops->rename ? from->dir->ops->rename(from->dir, from->last, child, to->dir, to->last, replaced) : -EPERM;
}

static int rename_locked(struct walk *from, struct walk *to, struct inode **child, struct inode **replaced, u32 flags)
{
    int error;

    if (from->dir->ops != to->dir->ops)
        return -EXDEV;
    if (from->end != WALK_NAME)
        return -EBUSY;
    if (to->end != WALK_NAME)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    error = walk_look(from, child);
    if (error)
        return error;
    error = walk_look(to, replaced);
    if (error && error != -ENOENT)
        return error;
    return rename_found(from, *child, to, *replaced, flags);
}

int fs_rename(int from_fd, char *from, int to_fd, char *to, u32 flags)
{
    struct inode *child = NULL, *replaced = NULL;
    struct walk a, b = { 0 };
    int error;

    mutex_lock(&tree_lock);
    error = walk_start(&a, from_fd, from);
    if (!error)
        error = walk_start(&b, to_fd, to);
    if (!error)
        error = rename_locked(&a, &b, &child, &replaced, flags);
    mutex_unlock(&tree_lock);
    inode_put(child);
    inode_put(replaced);
    walk_stop(&a);
    walk_stop(&b);
    return error;
}

int fs_chdir(struct inode *inode)
{
    struct fs_context *fs = current_fs();
    struct inode *before = inode;
    int error = inode_is(inode, S_IFDIR) ? inode_permission(inode, MAY_EXEC) : -ENOTDIR;

    if (!error) {
        mutex_lock(&tree_lock);
        before = fs->cwd;
        fs->cwd = inode;
        mutex_unlock(&tree_lock);
    }
    inode_put(before);
    return error;
}

s64 fs_readlink(int dirfd, char *path, char *buf, size_t size)
{
    bool named = *path;
    struct inode *inode;
    s64 result = path_find(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &inode);

    if (result)
        return result;
    mutex_lock(&tree_lock);
    if (inode_is(inode, S_IFLNK))
        result = inode->ops->readlink(inode, buf, size);
    else
        result = named ? -EINVAL : -ENOENT;
    mutex_unlock(&tree_lock);
    inode_put(inode);
    return result;
}
