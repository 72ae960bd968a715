/* Walking paths. One walk holds tree_lock from its beginning to what is done at its end, so nothing that it has passed changes meanwhile.
   A symbolic link is followed by writing where it leads in front of what is left of the path: no recursion, no further buffer. Those of
   /proc/PID/fd stand for a file, from which the walk goes on. */
#include "fs/path.h"
#include "fs/context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frames.h"

char *path_buffer(void)
{
    struct frame *frame = frame_alloc(0);

    return frame ? frame_to_virt(frame) : NULL;
}

void path_free(char *path)
{
    if (path)
        frame_put(phys_to_frame(virt_to_phys(path)));
}

static void move_to(struct walk *walk, struct inode *dir)
{
    inode_put(walk->dir);
    walk->dir = dir;
}

/* Where a relative path begins. tree_lock held, for cwd. */
static int base_of(int dirfd, struct inode **base)
{
    struct fs_context *fs = current_fs();
    struct file *file;

    if (dirfd == AT_FDCWD) {
        *base = inode_get(fs->cwd);
        return 0;
    }
    file = fd_file(fs->fds, dirfd);
    if (!file)
        return -EBADF;
    *base = file->inode ? inode_get(file->inode) : NULL;
    file_put(file);
    return *base ? 0 : -ENOTDIR;
}

static void take_name(struct walk *walk)
{
    const char *at = walk->rest;
    size_t n = 0;

    while (at[n] && at[n] != '/')
        n++;
    walk->last = (struct name){ at, n };
    walk->slash = at[n] == '/';
    while (at[n] == '/')
        n++;
    walk->rest += n;
    walk->end = !walk->last.length ? WALK_HERE : WALK_NAME;
    if (at[0] == '.' && walk->last.length == 1)
        walk->end = WALK_DOT;
    if (at[0] == '.' && at[1] == '.' && walk->last.length == 2)
        walk->end = WALK_DOTDOT;
}

int walk_look(struct walk *walk, struct inode **found)
{
    struct inode *dir = walk->dir;
    int error;

    if (walk->end == WALK_HERE) {
        *found = inode_get(dir);
        return 0;
    }
    if (!inode_is(dir, S_IFDIR))
        return -ENOTDIR;
    error = inode_permission(dir, MAY_EXEC);
    if (error)
        return error;
    if (walk->last.length > NAME_MAX)
        return -ENAMETOOLONG;
    if (walk->end == WALK_NAME)
        return dir->ops->lookup(dir, walk->last, found);
    *found = inode_get(walk->end == WALK_DOTDOT && dir->parent ? dir->parent : dir);
    return 0;
}

/* Puts the link's target in front of the rest. */
static int prepend(struct walk *walk, struct inode *link)
{
    size_t rest = strlen(walk->rest), room = PATH_MAX - 1 - rest;
    char *place = walk->path + room;
    s64 n;

    memmove(place, walk->rest, rest + 1);
    if (rest || walk->slash) {
        if (!room)
            return -ENAMETOOLONG;
        *--place = '/';
        room--;
    }
    n = link->ops->readlink(link, walk->path, room);
    if (n < 0)
        return (int)n;
    if ((size_t)n == room && room < PATH_MAX - 1) /* a link is no longer than that: then it was cut off */
        return -ENAMETOOLONG;
    walk->rest = memmove(place - n, walk->path, (size_t)n);
    return n ? 0 : -ENOENT;
}

/* Goes along the path's parts up to the last one. */
static int walk_on(struct walk *walk)
{
    for (;;) {
        struct inode *next;
        int error;

        take_name(walk);
        if (!*walk->rest)
            return walk->end == WALK_HERE || inode_is(walk->dir, S_IFDIR) ? 0 : -ENOTDIR;
        error = walk_look(walk, &next);
        if (error)
            return error;
        if (inode_is(next, S_IFLNK))
            return walk_follow(walk, next);
        move_to(walk, next);
    }
}

/* One step of a walk that begins at the root or where it is. */
static void begin_at(struct walk *walk)
{
    if (*walk->rest == '/')
        move_to(walk, inode_get(tree_root));
    while (*walk->rest == '/')
        walk->rest++;
}

int walk_follow(struct walk *walk, struct inode *link)
{
    int (*stands_for)(struct inode *, struct inode **) = link->ops->stands_for;
    struct inode *found = NULL;
    int error = ++walk->links > LINKS_MAX ? -ELOOP : stands_for ? stands_for(link, &found) : prepend(walk, link);

    inode_put(link);
    if (error)
        return error;
    if (found)
        move_to(walk, found);
    else
        begin_at(walk);
    return walk_on(walk);
}

int walk_start(struct walk *walk, int dirfd, char *path)
{
    int error = 0;

    *walk = (struct walk){ .path = path, .rest = path };
    if (!*path)
        return -ENOENT;
    if (*path != '/')
        error = base_of(dirfd, &walk->dir);
    if (error)
        return error;
    begin_at(walk);
    return walk_on(walk);
}

void walk_stop(struct walk *walk)
{
    inode_put(walk->dir);
    walk->dir = NULL;
}

int walk_may_change(const struct walk *walk)
{
    if (!walk->dir->nlink)
        return -ENOENT;
    return inode_permission(walk->dir, MAY_WRITE | MAY_EXEC);
}

static int find_locked(struct walk *walk, int dirfd, char *path, u32 flags, struct inode **found)
{
    bool slash = false;
    int error = walk_start(walk, dirfd, path);

    while (!error) {
        slash |= walk->slash;
        error = walk_look(walk, found);
        if (error || !inode_is(*found, S_IFLNK) || (flags & AT_SYMLINK_NOFOLLOW && !slash))
            break;
        error = walk_follow(walk, *found);
    }
    if (!error && slash && !inode_is(*found, S_IFDIR)) {
        inode_put(*found);
        error = -ENOTDIR;
    }
    if (error)
        *found = NULL; /* whatever was on the way has been given back */
    return error;
}

int path_find(int dirfd, char *path, u32 flags, struct inode **found)
{
    struct walk walk;
    int error;

    mutex_lock(&tree_lock);
    if (!*path && flags & AT_EMPTY_PATH) {
        walk.dir = NULL;
        error = base_of(dirfd, found);
    } else {
        error = find_locked(&walk, dirfd, path, flags, found);
    }
    mutex_unlock(&tree_lock);
    walk_stop(&walk);
    return error;
}

char *path_of(struct inode *inode, char *buf, int *error)
{
    static const char deleted[] = " (deleted)";
    char *at = buf + PATH_MAX - 1, name[NAME_MAX];
    bool last = true, gone;

    *at = 0;
    *error = -ENOENT;
    if (inode != tree_root && !inode->parent)
        return NULL;
    *error = -ENAMETOOLONG;
    for (; inode->parent; inode = inode->parent, last = false) {
        size_t n = inode->ops->name(inode, name, &gone);

        if (last && gone)
            at = memcpy(at - sizeof(deleted) + 1, deleted, sizeof(deleted) - 1);
        if (n + 1 > (size_t)(at - buf))
            return NULL;
        at = memcpy(at - n, name, n);
        *--at = '/';
    }
    if (last)
        *--at = '/';
    return at;
}

char *path_of_cwd(char *buf, int *error)
{
    struct inode *cwd;
    char *path = NULL;

    mutex_lock(&tree_lock);
    cwd = current_fs()->cwd;
    *error = -ENOENT;
    if (cwd->nlink)
        path = path_of(cwd, buf, error);
    mutex_unlock(&tree_lock);
    return path;
}
