/* System calls that read and write several pieces at a place of a file, with flags of their own. The pieces go one after the other, as in
   readv(), and a file that has no places takes none of these calls but for place -1, its own position. */
#include "lib/errno.h"
#include "mm/slab.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define RWF_HIPRI 1
#define RWF_DSYNC 2
#define RWF_SYNC 4
#define RWF_APPEND 16
#define RWF_HONOURED (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND) /* nothing waits for a disk: all but the last ask for what is so */

/* One piece after the other from *at on, until one does not go through as a whole. */
static s64 move_pieces(struct file *file, const struct iovec *list, u64 count, u64 *at, bool write, int flags)
{
    s64 done = 0;

    for (u64 i = 0; i < count; i++) {
        struct io io = sys_io(list[i].base, list[i].length, at);
        s64 result;

        io.append = write && flags & RWF_APPEND;
        io.no_wait = done && !write;
        if (!io.left)
            continue;
        result = write ? file_write(file, &io) : file_read(file, &io);
        if (result < 0)
            return done ? done : result;
        done += result;
        if ((u64)result < list[i].length)
            break;
    }
    return done;
}

/* Flags are looked at last, and where there is nothing to move, not at all. at NULL: the file's position. */
static s64 move_vector(struct file *file, uptr pieces, u64 count, u64 *at, bool write, int flags)
{
    s64 total, result = file_may(file, write);
    struct iovec *list;

    if (result)
        return result;
    list = sys_pieces(pieces, count, &total);
    if (!list)
        return total;
    if (total && at && (s64)(*at + (u64)total) < 0)
        result = -EINVAL;
    else if (total)
        result = flags & ~RWF_HONOURED ? -EOPNOTSUPP : move_pieces(file, list, count, at, write, flags);
    kfree(list);
    return result;
}

static s64 move_at(int fd, uptr pieces, u64 count, s64 at, bool write, int flags)
{
    u64 pos = (u64)at;
    struct file *file;
    s64 result;

    if (at < 0)
        return -EINVAL;
    file = sys_file(fd);
    if (!file)
        return -EBADF;
    result = file->ops->lseek ? move_vector(file, pieces, count, &pos, write, flags) : -ESPIPE;
    file_put(file);
    return result;
}

/* At the file's position. What needs no flag goes the way of readv() and writev(), which keep small pieces together in a pipe. */
static s64 move_here(int fd, uptr pieces, u64 count, bool write, int flags)
{
    struct file *file;
    s64 result;

    if (!(flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC)))
        return write ? sys_writev(fd, pieces, count) : sys_readv(fd, pieces, count);
    file = sys_file(fd);
    if (!file)
        return -EBADF;
    result = move_vector(file, pieces, count, NULL, write, flags);
    file_put(file);
    return result;
}

/* Each address is a number of 64 bits: the high half of the place is none of it. */
s64 sys_preadv(int fd, uptr pieces, u64 count, s64 at, u64 high)
{
    (void)high;
    return move_at(fd, pieces, count, at, false, 0);
}

s64 sys_pwritev(int fd, uptr pieces, u64 count, s64 at, u64 high)
{
    (void)high;
    return move_at(fd, pieces, count, at, true, 0);
}

s64 sys_preadv2(int fd, uptr pieces, u64 count, s64 at, u64 high, int flags)
{
    (void)high;
    return at == -1 ? move_here(fd, pieces, count, false, flags) : move_at(fd, pieces, count, at, false, flags);
}

s64 sys_pwritev2(int fd, uptr pieces, u64 count, s64 at, u64 high, int flags)
{
    (void)high;
    return at == -1 ? move_here(fd, pieces, count, true, flags) : move_at(fd, pieces, count, at, true, flags);
}
