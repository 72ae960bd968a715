/* System calls that say how a file will be used, and that it is to reach its disk: all files are in memory, so they check what they are
   given, and there is nothing to do. */
#include "fs/inode.h"
#include "lib/errno.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define POSIX_FADV_NOREUSE 5
#define SYNC_FILE_RANGE_ALL 7u

static bool is(const struct file *file, u32 type)
{
    return file->inode && inode_is(file->inode, type);
}

static s64 answer(struct file *file, s64 result)
{
    file_put(file);
    return result;
}

s64 sys_fadvise64(int fd, s64 offset, s64 n, int advice)
{
    struct file *file = sys_file(fd);

    (void)offset;
    if (!file)
        return -EBADF;
    if (is(file, S_IFIFO))
        return answer(file, -ESPIPE);
    return answer(file, n < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0);
}

s64 sys_readahead(int fd, s64 offset, size_t n)
{
    struct file *file = sys_file(fd);

    (void)offset;
    if (!file)
        return -EBADF;
    if ((file->flags & O_ACCMODE) != O_RDONLY && (file->flags & O_ACCMODE) != O_RDWR)
        return answer(file, -EBADF);
    return answer(file, is(file, S_IFREG) && (s64)n >= 0 ? 0 : -EINVAL);
}

s64 sys_sync_file_range(int fd, s64 offset, s64 n, u32 flags)
{
    struct file *file = sys_file(fd);
    s64 end;

    if (!file)
        return -EBADF;
    if (flags & ~SYNC_FILE_RANGE_ALL || offset < 0 || __builtin_add_overflow(offset, n, &end) || end < offset)
        return answer(file, -EINVAL);
    return answer(file, is(file, S_IFREG) || is(file, S_IFDIR) || is(file, S_IFLNK) ? 0 : -ESPIPE);
}

s64 sys_syncfs(int fd)
{
    struct file *file = sys_file(fd);

    return file ? answer(file, 0) : -EBADF;
}
