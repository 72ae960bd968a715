/* System calls on what is known of a file beside its contents. */
#include "fs/context.h"
#include "fs/memfs.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define TMPFS_MAGIC 0x01021994
#define PROC_MAGIC 0x9fa0

int sys_find(int folder, uptr path, int flags, u32 allowed, struct inode **found)
{
    int error = -EINVAL;
    char *name;

    if ((u32)flags & ~allowed)
        return error;
    name = sys_path(path, &error);
    if (name)
        error = path_find(folder, name, (u32)flags, found);
    path_free(name);
    return error;
}

int sys_find_fd(int fd, struct inode **found)
{
    struct file *file = sys_file(fd);

    if (!file)
        return -EBADF;
    *found = file->inode ? inode_get(file->inode) : NULL;
    file_put(file);
    return *found ? 0 : -EINVAL; /* the kernel's own console */
}

/* --- stat --- */

static s64 give_stat(struct inode *inode, uptr to)
{
    struct stat st;

    inode_stat(inode, &st);
    inode_put(inode);
    return copyout(to, &st, sizeof(st));
}

s64 sys_newfstatat(int folder, uptr path, uptr st, int flags)
{
    struct inode *inode = NULL;
    int error = sys_find(folder, path, flags, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH, &inode);

    return error ? error : give_stat(inode, st);
}

s64 sys_stat(uptr path, uptr st)
{
    return sys_newfstatat(AT_FDCWD, path, st, 0);
}

s64 sys_lstat(uptr path, uptr st)
{
    return sys_newfstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

s64 sys_fstat(int fd, uptr st)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    return error ? error : give_stat(inode, st);
}

static s64 give_statfs(struct inode *inode, uptr to)
{
    struct statfs st = { .type = PROC_MAGIC, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = NAME_MAX };

    if (inode->dev == 1) {
        st.type = TMPFS_MAGIC;
        st.blocks = memfs_room();
        st.bfree = st.bavail = st.blocks - min(memfs_used, st.blocks);
    }

    inode_put(inode);
    return copyout(to, &st, sizeof(st));
}

s64 sys_statfs(uptr path, uptr to)
{
    struct inode *inode = NULL;
    int error = sys_find(AT_FDCWD, path, 0, 0, &inode);

    return error ? error : give_statfs(inode, to);
}

s64 sys_fstatfs(int fd, uptr to)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    return error ? error : give_statfs(inode, to);
}

/* --- permissions --- */

static int access_of(int folder, uptr path, int mode, u32 flags)
{
    struct inode *inode = NULL;
    int error = sys_find(folder, path, (int)flags, flags, &inode);

    if (error)
        return error;
    if (mode)
        error = inode_permission(inode, (u32)mode);
    inode_put(inode);
    return error;
}

/* Asks as the real user, who started the program: so for the time of the question that is the effective one. */
s64 sys_faccessat2(int folder, uptr path, int mode, int flags)
{
    struct fs_context *fs = current_fs();
    u32 euid = fs->euid, egid = fs->egid;
    int error;

    if (mode & ~(MAY_READ | MAY_WRITE | MAY_EXEC) || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (!(flags & AT_EACCESS)) {
        fs->euid = fs->uid;
        fs->egid = fs->gid;
    }
    error = access_of(folder, path, mode, (u32)flags & ~AT_EACCESS);
    fs->euid = euid;
    fs->egid = egid;
    return error;
}

s64 sys_faccessat(int folder, uptr path, int mode)
{
    return sys_faccessat2(folder, path, mode, 0);
}

s64 sys_access(uptr path, int mode)
{
    return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

s64 sys_umask(u32 mask)
{
    struct fs_context *fs = current_fs();
    u32 before = fs->umask;

    fs->umask = mask & 0777;
    return before;
}

static s64 chmod_found(int error, struct inode *inode, u32 mode)
{
    if (error)
        return error;
    error = inode_chmod(inode, mode);
    inode_put(inode);
    return error;
}

s64 sys_fchmodat(int folder, uptr path, u32 mode)
{
    struct inode *inode = NULL;
    int error = sys_find(folder, path, 0, 0, &inode);

    return chmod_found(error, inode, mode);
}

s64 sys_chmod(uptr path, u32 mode)
{
    return sys_fchmodat(AT_FDCWD, path, mode);
}

s64 sys_fchmod(int fd, u32 mode)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    return chmod_found(error, inode, mode);
}

static s64 chown_found(int error, struct inode *inode, u32 uid, u32 gid)
{
    if (error)
        return error;
    error = inode_chown(inode, uid, gid);
    inode_put(inode);
    return error;
}

s64 sys_fchownat(int folder, uptr path, u32 uid, u32 gid, int flags)
{
    struct inode *inode = NULL;
    int error = sys_find(folder, path, flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &inode);

    return chown_found(error, inode, uid, gid);
}

s64 sys_chown(uptr path, u32 uid, u32 gid)
{
    return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

s64 sys_lchown(uptr path, u32 uid, u32 gid)
{
    return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

s64 sys_fchown(int fd, u32 uid, u32 gid)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    return chown_found(error, inode, uid, gid);
}

/* --- size and times --- */

s64 sys_truncate(uptr path, s64 size)
{
    struct inode *inode = NULL;
    int error = size < 0 ? -EINVAL : sys_find(AT_FDCWD, path, 0, 0, &inode);

    if (error)
        return error;
    if (!inode_is(inode, S_IFDIR)) /* inode_truncate() says what else is wrong */
        error = inode_permission(inode, MAY_WRITE);
    if (!error)
        error = inode_truncate(inode, size);
    inode_put(inode);
    return error;
}

s64 sys_ftruncate(int fd, s64 size)
{
    struct file *file = size < 0 ? NULL : sys_file(fd);
    s64 result = -EINVAL;

    if (!file)
        return size < 0 ? -EINVAL : -EBADF;
    if (file->inode && inode_is(file->inode, S_IFREG) && !file_may(file, true))
        result = inode_truncate(file->inode, size);
    file_put(file);
    return result;
}

#define FALLOC_KEEP_SIZE 1

/* Memory is had when it is written: here only the size grows. */
static s64 allocate(struct inode *inode, int mode, s64 end)
{
    struct stat st;

    if (inode_is(inode, S_IFDIR))
        return -EISDIR;
    if (!inode_is(inode, S_IFREG))
        return -ENODEV;
    inode_stat(inode, &st);
    return mode & FALLOC_KEEP_SIZE || st.size >= end ? 0 : inode_truncate(inode, end);
}

s64 sys_fallocate(int fd, int mode, s64 offset, s64 size)
{
    struct file *file = sys_file(fd);
    s64 result = -EBADF, end;

    if (!file)
        return -EBADF;
    if (offset < 0 || size <= 0)
        result = -EINVAL;
    else if (mode & ~FALLOC_KEEP_SIZE)
        result = -EOPNOTSUPP;
    else if (!(file->flags & O_ACCMODE))
        result = -EBADF;
    else if (!file->inode || inode_is(file->inode, S_IFIFO))
        result = -ESPIPE;
    else
        result = __builtin_add_overflow(offset, size, &end) ? -EFBIG : allocate(file->inode, mode, end);
    file_put(file);
    return result;
}

s64 sys_utimensat(int folder, uptr path, uptr times, int flags)
{
    struct timespec both[2];
    struct inode *inode = NULL;
    int error;

    if (times && copyin(both, times, sizeof(both)))
        return -EFAULT;
    if (times && both[0].nsec == UTIME_OMIT && both[1].nsec == UTIME_OMIT)
        return 0; /* whatever the path */
    if (!path && folder != AT_FDCWD)
        error = flags ? -EINVAL : sys_find_fd(folder, &inode);
    else
        error = sys_find(folder, path, flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &inode);
    if (error)
        return error;
    error = inode_utimens(inode, times ? both : NULL);
    inode_put(inode);
    return error;
}
