/* System calls on names of files. */
#include "fs/context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

char *sys_path(uptr string, int *error)
{
    char *path = path_buffer();
    s64 length = path ? copyin_string(path, string, PATH_MAX) : -ENOMEM;

    *error = length < 0 ? (int)length : 0;
    if (!*error)
        return path;
    path_free(path);
    return NULL;
}

/* --- opening and making --- */

s64 sys_openat(int folder, uptr path, int flags, u32 mode)
{
    struct fd_table *fds = current_fs()->fds;
    struct file *file;
    int error = fs_open_flags((u32)flags), fd;
    char *name = error ? NULL : sys_path(path, &error);

    if (!name)
        return error;
    error = fd_room(fds); /* before a file is made that there is no descriptor for */
    if (error) {
        path_free(name);
        return error;
    }
    file = fs_open(folder, name, (u32)flags | O_LARGEFILE, mode, &error);
    path_free(name);
    if (!file)
        return error;
    fd = fd_install_from(fds, file, 0, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}

s64 sys_open(uptr path, int flags, u32 mode)
{
    return sys_openat(AT_FDCWD, path, flags, mode);
}

s64 sys_creat(uptr path, u32 mode)
{
    return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static s64 make(int folder, uptr path, u32 mode, u32 device)
{
    int error;
    char *name = sys_path(path, &error);

    if (name)
        error = fs_make(folder, name, mode, device, NULL);
    path_free(name);
    return error;
}

s64 sys_mkdirat(int folder, uptr path, u32 mode)
{
    return make(folder, path, S_IFDIR | (mode & S_ALL), 0);
}

s64 sys_mkdir(uptr path, u32 mode)
{
    return sys_mkdirat(AT_FDCWD, path, mode);
}

s64 sys_mknodat(int folder, uptr path, u32 mode, u64 device)
{
    switch (mode & S_IFMT) {
    case 0:
        mode |= S_IFREG;
        break;
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
        break;
    case S_IFCHR:
    case S_IFBLK:
        if (current_fs()->euid)
            return -EPERM;
        break;
    default:
        return (mode & S_IFMT) == S_IFDIR ? -EPERM : -EINVAL;
    }
    return make(folder, path, mode, (u32)device);
}

s64 sys_mknod(uptr path, u32 mode, u64 device)
{
    return sys_mknodat(AT_FDCWD, path, mode, device);
}

s64 sys_symlinkat(uptr target, int folder, uptr path)
{
    int error;
    char *leads_to = sys_path(target, &error);
    char *name = leads_to ? sys_path(path, &error) : NULL;

    if (name)
        error = *leads_to ? fs_make(folder, name, S_IFLNK, 0, leads_to) : -ENOENT;
    path_free(leads_to);
    path_free(name);
    return error;
}

s64 sys_symlink(uptr target, uptr path)
{
    return sys_symlinkat(target, AT_FDCWD, path);
}

/* --- removing, moving, linking --- */

s64 sys_unlinkat(int folder, uptr path, int flags)
{
    int error = flags & ~AT_REMOVEDIR ? -EINVAL : 0;
    char *name = error ? NULL : sys_path(path, &error);

    if (name)
        error = fs_unlink(folder, name, (u32)flags);
    path_free(name);
    return error;
}

s64 sys_unlink(uptr path)
{
    return sys_unlinkat(AT_FDCWD, path, 0);
}

s64 sys_rmdir(uptr path)
{
    return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

typedef int two_names(int from_folder, char *from, int to_folder, char *to, u32 flags);

static s64 with_two(int from_folder, uptr from, int to_folder, uptr to, u32 flags, two_names *change)
{
    int error;
    char *first = sys_path(from, &error), *second = first ? sys_path(to, &error) : NULL;

    if (second)
        error = change(from_folder, first, to_folder, second, flags);
    path_free(first);
    path_free(second);
    return error;
}

s64 sys_renameat2(int from_folder, uptr from, int to_folder, uptr to, u32 flags)
{
    if (flags & ~RENAME_NOREPLACE)
        return -EINVAL;
    return with_two(from_folder, from, to_folder, to, flags, fs_rename);
}

s64 sys_renameat(int from_folder, uptr from, int to_folder, uptr to)
{
    return with_two(from_folder, from, to_folder, to, 0, fs_rename);
}

s64 sys_rename(uptr from, uptr to)
{
    return with_two(AT_FDCWD, from, AT_FDCWD, to, 0, fs_rename);
}

/* Whether there is something to be linked is looked at first. */
s64 sys_linkat(int from_folder, uptr from, int to_folder, uptr to, int flags)
{
    int error = flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH) ? -EINVAL : 0, to_error = 0;
    char *first = error ? NULL : sys_path(from, &error), *second = first ? sys_path(to, &to_error) : NULL;

    if (first)
        error = fs_link(from_folder, first, to_folder, second, (u32)flags);
    if (error == -EFAULT && to_error)
        error = to_error;
    path_free(first);
    path_free(second);
    return error;
}

s64 sys_link(uptr from, uptr to)
{
    return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* --- asking --- */

s64 sys_readlinkat(int folder, uptr path, uptr to, size_t size)
{
    int error;
    char *name, *target;
    s64 n = -ENOMEM;

    if ((int)size <= 0)
        return -EINVAL;
    name = sys_path(path, &error);
    if (!name)
        return error;
    target = path_buffer();
    if (target)
        n = fs_readlink(folder, name, target, min(size, (size_t)PATH_MAX));
    if (n > 0 && copyout(to, target, (size_t)n))
        n = -EFAULT;
    path_free(target);
    path_free(name);
    return n;
}

s64 sys_readlink(uptr path, uptr to, size_t size)
{
    return sys_readlinkat(AT_FDCWD, path, to, size);
}

s64 sys_chdir(uptr path)
{
    struct inode *folder;
    int error;
    char *name = sys_path(path, &error);

    if (name)
        error = path_find(AT_FDCWD, name, 0, &folder);
    path_free(name);
    return error ? error : fs_chdir(folder);
}

s64 sys_fchdir(int fd)
{
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = file->inode ? fs_chdir(inode_get(file->inode)) : -ENOTDIR;
    file_put(file);
    return result;
}

s64 sys_getcwd(uptr to, size_t size)
{
    char *buffer = path_buffer(), *path;
    int error = -ENOMEM;
    s64 n = 0;

    path = buffer ? path_of_cwd(buffer, &error) : NULL;
    if (path) {
        n = (s64)strlen(path) + 1;
        error = (size_t)n > size ? -ERANGE : copyout(to, path, (size_t)n);
    }
    path_free(buffer);
    return error ? error : n;
}
