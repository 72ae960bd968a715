/* System calls that read and write open files. Numbers, structures and errors are Linux's. */
#include "fs/context.h"
#include "fs/inode.h"
#include "fs/random.h"
#include "lib/errno.h"
#include "mm/frames.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "sched/interrupt.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define MOST_BYTES 0x7ffff000ul /* that one call moves */
#define PIECES_MAX 1024
#define GRND_RANDOM 2
#define GRND_INSECURE 4
#define GRND_ALL 7
#define SEEK_MOST 4 /* of Linux's; two of them are not honoured here */

struct file *sys_file(int fd)
{
    return fd_file(current_fs()->fds, fd);
}

/* --- reading and writing --- */

struct io sys_io(uptr at, size_t n, u64 *pos)
{
    return (struct io){ .at = at, .left = min(n, MOST_BYTES), .user = true, .pos = pos };
}

typedef s64 mover(struct file *file, struct io *io);

/* Whether n bytes of the caller's may be moved at all; the file's first one of them is number pos. */
static int may_move(const struct file *file, uptr at, size_t n, u64 pos, mover *mover)
{
    int error = file_may(file, mover == file_write);

    if (error)
        return error;
    if (!user_range(at, n))
        return -EFAULT;
    return file->ops->lseek && (s64)(pos + n) < 0 ? -EINVAL : 0;
}

/* The whole, or, where its first page is the program's and a later one is not, as much as there is in that; of a pipe or a terminal the
   whole or nothing. */
static s64 move_some(struct file *file, uptr at, size_t n, mover *mover)
{
    struct io io = sys_io(at, n, NULL);
    size_t first = PAGE_SIZE - (at & (PAGE_SIZE - 1));
    s64 result = mover(file, &io), part;

    if (result != -EFAULT || n <= first || !file->ops->lseek)
        return result;
    io = sys_io(at, first, NULL);
    part = mover(file, &io);
    return part == -EINVAL ? result : part; /* the file takes no such part: a counter's number */
}

static s64 move(int fd, uptr at, size_t n, mover *mover)
{
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = may_move(file, at, n, file->offset, mover);
    if (!result)
        result = move_some(file, at, n, mover);
    file_put(file);
    return result;
}

s64 sys_read(int fd, uptr to, size_t n)
{
    return move(fd, to, n, file_read);
}

s64 sys_write(int fd, uptr from, size_t n)
{
    return move(fd, from, n, file_write);
}

static s64 move_at(int fd, uptr address, size_t n, s64 at, mover *mover)
{
    u64 pos = (u64)at;
    struct io io = sys_io(address, n, &pos);
    struct file *file;
    s64 result;

    if (at < 0)
        return -EINVAL;
    file = sys_file(fd);
    if (!file)
        return -EBADF;
    result = file->ops->lseek ? may_move(file, address, n, pos, mover) : -ESPIPE;
    if (!result)
        result = mover(file, &io);
    file_put(file);
    return result;
}

s64 sys_pread64(int fd, uptr to, size_t n, s64 at)
{
    return move_at(fd, to, n, at, file_read);
}

s64 sys_pwrite64(int fd, uptr from, size_t n, s64 at)
{
    return move_at(fd, from, n, at, file_write);
}

struct iovec *sys_pieces(uptr pieces, u64 count, s64 *total)
{
    struct iovec *list = count <= PIECES_MAX ? kmalloc(max(count, 1ul) * sizeof(*list)) : NULL;

    *total = list ? 0 : count <= PIECES_MAX ? -ENOMEM : -EINVAL;
    if (list && copyin(list, pieces, count * sizeof(*list)))
        *total = -EFAULT;
    for (u64 i = 0; i < count && *total >= 0; i++) {
        if ((s64)list[i].length < 0 || __builtin_add_overflow(*total, (s64)list[i].length, total))
            *total = -EINVAL;
        else if (!user_range(list[i].base, list[i].length))
            *total = -EFAULT;
    }
    if (*total >= 0)
        return list;
    kfree(list);
    return NULL;
}

/* One piece after the other, until one does not go through as a whole. */
static s64 move_pieces(struct file *file, const struct iovec *list, u64 count, mover *mover)
{
    s64 done = 0;

    for (u64 i = 0; i < count; i++) {
        struct io io = sys_io(list[i].base, list[i].length, NULL);
        s64 result;

        io.no_wait = done && mover == file_read;
        result = io.left ? mover(file, &io) : 0;
        if (result < 0)
            return done ? done : result;
        done += result;
        if ((u64)result < list[i].length)
            break;
    }
    return done;
}

/* What fits into a page is written as one, so that it stays together in a pipe, which takes the whole or nothing. Returns false if it could
   not be collected. */
static bool write_together(struct file *file, const struct iovec *list, u64 count, s64 total, s64 *result)
{
    struct frame *frame = frame_alloc(0);
    char *page = frame ? frame_to_virt(frame) : NULL;
    struct io io = io_kernel(page, (size_t)total);
    size_t at = 0;
    u64 i;

    for (i = 0; page && i < count && !copyin(page + at, list[i].base, list[i].length); i++)
        at += list[i].length;
    if (page && i == count)
        *result = file_write(file, &io);
    else
        *result = file_may(file, true) ?: -EFAULT;
    if (frame)
        frame_put(frame);
    return page && (i == count || !file->ops->lseek);
}

static s64 move_vector(int fd, uptr pieces, u64 count, mover *mover)
{
    struct file *file;
    struct iovec *list;
    s64 total, result;

    file = sys_file(fd);
    if (!file)
        return -EBADF;
    result = file_may(file, mover == file_write);
    list = result ? NULL : sys_pieces(pieces, count, &total);
    if (list || !result)
        result = total;
    if (list && file->ops->pieces)
        result = file->ops->pieces(file, list, count, min((size_t)total, MOST_BYTES), mover == file_write);
    else if (list && (mover == file_read || count < 2 || total > (s64)PAGE_SIZE || !write_together(file, list, count, total, &result)))
        result = move_pieces(file, list, count, mover);
    kfree(list);
    file_put(file);
    return result;
}

s64 sys_readv(int fd, uptr pieces, u64 count)
{
    return move_vector(fd, pieces, count, file_read);
}

s64 sys_writev(int fd, uptr pieces, u64 count)
{
    return move_vector(fd, pieces, count, file_write);
}

/* Up to n bytes by way of a page of the kernel's; *pos moves over what was written. */
static s64 send(struct file *out, struct file *in, u64 *pos, size_t n)
{
    struct frame *frame = frame_alloc(0);
    s64 done = 0, moved = 0;

    if (!frame)
        return -ENOMEM;
    while (n) {
        size_t part = min(n, PAGE_SIZE);
        u64 from = *pos;
        struct io to_page = io_kernel(frame_to_virt(frame), part), from_page;

        to_page.pos = &from;
        moved = file_read(in, &to_page);
        if (moved <= 0)
            break;
        from_page = io_kernel(frame_to_virt(frame), (size_t)moved);
        moved = file_write(out, &from_page);
        if (moved <= 0)
            break;
        *pos += (u64)moved;
        done += moved;
        n -= (size_t)moved;
    }
    frame_put(frame);
    return done ? done : moved;
}

/* What is wrong with the file that is read is said first. */
static s64 send_file(struct file *out, struct file *in, u64 *pos, size_t n)
{
    bool whole = in && in->inode && inode_is(in->inode, S_IFREG);
    s64 error = in ? file_may(in, false) : -EBADF;

    if (!error && (s64)*pos < 0)
        error = -EINVAL;
    if (!error && (s64)n < 0)
        error = -EINVAL;
    if (!error)
        error = out ? file_may(out, true) : -EBADF;
    if (!error && (!whole || out->flags & O_APPEND))
        error = -EINVAL;
    return error ? error : send(out, in, pos, min(n, MOST_BYTES));
}

s64 sys_sendfile(int out, int in, uptr at, size_t n)
{
    struct file *from, *to;
    u64 pos = 0;
    s64 result;

    if (at && copyin(&pos, at, sizeof(pos)))
        return -EFAULT;
    from = sys_file(in);
    to = sys_file(out);
    result = send_file(to, from, at || !from ? &pos : &from->offset, n);
    if (from)
        file_put(from);
    if (to)
        file_put(to);
    return at && copyout(at, &pos, sizeof(pos)) ? -EFAULT : result;
}

s64 sys_lseek(int fd, s64 offset, int whence)
{
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    if ((u32)whence > SEEK_MOST)
        result = -EINVAL;
    else
        result = file->ops->lseek ? file->ops->lseek(file, offset, whence) : -ESPIPE;
    file_put(file);
    return result;
}

/* Nothing is kept back from where it is written to. */
s64 sys_sync(void)
{
    return 0;
}

s64 sys_fsync(int fd)
{
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = file->inode && (inode_is(file->inode, S_IFREG) || inode_is(file->inode, S_IFDIR)) ? 0 : -EINVAL;
    file_put(file);
    return result;
}

s64 sys_fdatasync(int fd)
{
    return sys_fsync(fd);
}

s64 sys_getrandom(uptr to, size_t n, u32 flags)
{
    u64 words[32];
    size_t done = 0;

    if (flags & ~GRND_ALL || (flags & GRND_RANDOM && flags & GRND_INSECURE))
        return -EINVAL;
    n = min(n, MOST_BYTES);
    while (done < n && !stops_short(done, to + done)) {
        size_t part = min(min(n - done, sizeof(words)), PAGE_SIZE - ((to + done) & (PAGE_SIZE - 1))); /* up to where memory may end */

        random_bytes(words, part);
        if (copyout(to + done, words, part))
            return done ? (s64)done : -EFAULT;
        done += part;
    }
    return (s64)done;
}
