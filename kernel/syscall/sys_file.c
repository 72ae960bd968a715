/* System calls on open files and descriptors. Numbers, structures and errors are Linux's. */
#include "fs/context.h"
#include "fs/dir.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "fs/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define MOST_BYTES 0x7ffff000ul /* that one call moves */
#define PIECES_MAX 1024
#define SETTABLE (O_APPEND | O_NONBLOCK | O_NOATIME)
#define POLL_FEW 16
#define GRND_ALL 7

static struct fd_table *table(void)
{
    return current_fs()->fds;
}

struct file *sys_file(int fd)
{
    return fd_file(table(), fd);
}

/* --- reading and writing --- */

static struct io io_user(uptr at, size_t n, u64 *pos)
{
    return (struct io){ .at = at, .left = min(n, MOST_BYTES), .user = true, .pos = pos };
}

typedef s64 mover(struct file *file, struct io *io);

static s64 move(int fd, uptr at, size_t n, mover *mover)
{
    struct io io = io_user(at, n, NULL);
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = user_range(at, n) ? mover(file, &io) : -EFAULT;
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
    struct io io = io_user(address, n, &pos);
    struct file *file;
    s64 result;

    if (at < 0)
        return -EINVAL;
    file = sys_file(fd);
    if (!file)
        return -EBADF;
    if (!file->ops->lseek)
        result = -ESPIPE;
    else
        result = user_range(address, n) ? mover(file, &io) : -EFAULT;
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

/* The caller's list of pieces, and what they have together. NULL with *error. */
static struct iovec *fetch_pieces(uptr pieces, u64 count, s64 *total)
{
    struct iovec *list = kmalloc(max(count, 1ul) * sizeof(*list));

    *total = list ? 0 : -ENOMEM;
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
        struct io io = io_user(list[i].base, list[i].length, NULL);
        s64 result = io.left ? mover(file, &io) : 0;

        if (result < 0)
            return done ? done : result;
        done += result;
        if ((u64)result < list[i].length)
            break;
    }
    return done;
}

/* What fits into a page is written as one, so that it stays together in a pipe. Returns false if it could not be collected. */
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
    if (frame)
        frame_put(frame);
    return page && i == count;
}

static s64 move_vector(int fd, uptr pieces, u64 count, mover *mover)
{
    struct file *file;
    struct iovec *list;
    s64 total, result;

    if (count > PIECES_MAX)
        return -EINVAL;
    file = sys_file(fd);
    if (!file)
        return -EBADF;
    list = fetch_pieces(pieces, count, &total);
    result = total;
    if (list && (mover == file_read || count < 2 || total > (s64)PAGE_SIZE || !write_together(file, list, count, total, &result)))
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

static s64 send_file(struct file *out, struct file *in, uptr at, size_t n)
{
    u64 pos;
    s64 result;

    if (!in->inode || !inode_is(in->inode, S_IFREG) || out->flags & O_APPEND)
        return -EINVAL;
    if (!at)
        return send(out, in, &in->offset, min(n, MOST_BYTES));
    if (copyin(&pos, at, sizeof(pos)))
        return -EFAULT;
    if ((s64)pos < 0)
        return -EINVAL;
    result = send(out, in, &pos, min(n, MOST_BYTES));
    return copyout(at, &pos, sizeof(pos)) ? -EFAULT : result;
}

s64 sys_sendfile(int out, int in, uptr at, size_t n)
{
    struct file *from = sys_file(in), *to = sys_file(out);
    s64 result = from && to ? send_file(to, from, at, n) : -EBADF;

    if (from)
        file_put(from);
    if (to)
        file_put(to);
    return result;
}

s64 sys_lseek(int fd, s64 offset, int whence)
{
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
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
    result = file->ops->lseek ? 0 : -EINVAL;
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

    if (flags & ~GRND_ALL)
        return -EINVAL;
    n = min(n, MOST_BYTES);
    while (done < n) {
        size_t part = min(n - done, sizeof(words));

        random_bytes(words, part);
        if (copyout(to + done, words, part))
            return done ? (s64)done : -EFAULT;
        done += part;
    }
    return (s64)n;
}

/* --- descriptors --- */

s64 sys_close(int fd)
{
    return fd_close(table(), fd);
}

s64 sys_dup(int fd)
{
    return fd_dup(table(), fd);
}

s64 sys_dup2(int from, int to)
{
    return fd_dup_to(table(), from, to, false);
}

s64 sys_dup3(int from, int to, int flags)
{
    if (flags & ~O_CLOEXEC || from == to)
        return -EINVAL;
    return fd_dup_to(table(), from, to, flags & O_CLOEXEC);
}

/* Enters both, or neither. */
static int install_pair(struct file *file[2], int fd[2], bool cloexec)
{
    for (int i = 0; i < 2; i++) {
        fd[i] = fd_install_from(table(), file[i], 0, cloexec);
        if (fd[i] >= 0)
            continue;
        if (i)
            (void)fd_close(table(), fd[0]);
        else
            file_put(file[0]);
        file_put(file[1]);
        return fd[i];
    }
    return 0;
}

s64 sys_pipe2(uptr fds, int flags)
{
    struct file *file[2];
    int fd[2];
    int error;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    error = pipe_new(&file[0], &file[1], (u32)flags & O_NONBLOCK);
    if (!error)
        error = install_pair(file, fd, flags & O_CLOEXEC);
    if (error || !copyout(fds, fd, sizeof(fd)))
        return error;
    (void)fd_close(table(), fd[0]);
    (void)fd_close(table(), fd[1]);
    return -EFAULT;
}

s64 sys_pipe(uptr fds)
{
    return sys_pipe2(fds, 0);
}

static s64 dup_from(struct file *file, u64 least, bool cloexec)
{
    int fd;

    if (least >= (u64)table()->limit)
        return -EINVAL;
    file_get(file);
    fd = fd_install_from(table(), file, (int)least, cloexec);
    if (fd < 0)
        file_put(file);
    return fd;
}

static s64 set_flags(struct file *file, u32 flags)
{
    if (flags & (O_ASYNC | O_DIRECT))
        return -EINVAL;
    __atomic_store_n(&file->flags, (file->flags & ~SETTABLE) | (flags & SETTABLE), __ATOMIC_RELAXED);
    return 0;
}

s64 sys_fcntl(int fd, u32 command, u64 argument)
{
    struct file *file = sys_file(fd);
    s64 result = -EINVAL;

    if (!file)
        return -EBADF;
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        result = dup_from(file, argument, command == F_DUPFD_CLOEXEC);
    else if (command == F_GETFD)
        result = fd_cloexec(table(), fd);
    else if (command == F_SETFD)
        result = fd_set_cloexec(table(), fd, argument & FD_CLOEXEC);
    else if (command == F_GETFL)
        result = file->flags;
    else if (command == F_SETFL)
        result = set_flags(file, (u32)argument);
    file_put(file);
    return result;
}

static s64 set_nonblock(struct file *file, uptr argument)
{
    int on;

    if (copyin(&on, argument, sizeof(on)))
        return -EFAULT;
    return set_flags(file, on ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK);
}

s64 sys_ioctl(int fd, u32 request, u64 argument)
{
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    if (request == FIONBIO)
        result = set_nonblock(file, argument);
    else if (request == FIOCLEX || request == FIONCLEX)
        result = fd_set_cloexec(table(), fd, request == FIOCLEX);
    else
        result = file->ops->ioctl ? file->ops->ioctl(file, request, argument) : -ENOTTY;
    file_put(file);
    return result;
}

s64 sys_flock(int fd, int operation)
{
    u32 how = (u32)operation & ~LOCK_NB;
    struct file *file = sys_file(fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = how == LOCK_SH || how == LOCK_EX || how == LOCK_UN ? fs_flock(file, how, !(operation & LOCK_NB)) : -EINVAL;
    file_put(file);
    return result;
}

/* --- several at once --- */

static s64 poll_until(uptr fds, u64 count, u64 when)
{
    struct pollfd few[POLL_FEW], *list = few;
    size_t size = count * sizeof(*list);
    s64 result = -EFAULT;

    if (count > (u64)table()->limit)
        return -EINVAL;
    if (count > POLL_FEW)
        list = kmalloc(size);
    if (!list)
        return -ENOMEM;
    if (!copyin(list, fds, size)) {
        result = fs_poll(list, count, when);
        if (result >= 0 && copyout(fds, list, size))
            result = -EFAULT;
    }
    if (list != few)
        kfree(list);
    return result;
}

s64 sys_poll(uptr fds, u64 count, int timeout_ms)
{
    return poll_until(fds, count, timeout_ms < 0 ? ~0ul : clock_ns() + (u64)timeout_ms * NS_PER_MS);
}

/* poll() with finer time. A mask of signals is not honoured yet. */
s64 sys_ppoll(uptr fds, u64 count, uptr timeout, uptr mask, size_t mask_size)
{
    struct timespec time;
    u64 when = ~0ul;

    (void)mask_size;
    if (mask)
        return -EINVAL;
    if (timeout) {
        if (copyin(&time, timeout, sizeof(time)))
            return -EFAULT;
        if (time.sec < 0 || (u64)time.nsec >= NS_PER_SEC)
            return -EINVAL;
        when = clock_ns() + min((u64)time.sec, ~0ul / NS_PER_SEC / 2) * NS_PER_SEC + (u64)time.nsec;
    }
    return poll_until(fds, count, when);
}

s64 sys_getdents64(int fd, uptr to, size_t size)
{
    struct file *file = sys_file(fd);
    struct frame *frame;
    s64 result = -ENOMEM;

    if (!file)
        return -EBADF;
    frame = frame_alloc(0);
    if (frame) {
        u64 before = file->offset;

        result = dir_entries(file, frame_to_virt(frame), min(size, PAGE_SIZE));
        if (result > 0 && copyout(to, frame_to_virt(frame), (size_t)result)) {
            file->offset = before;
            result = -EFAULT;
        }
        frame_put(frame);
    }
    file_put(file);
    return result;
}
