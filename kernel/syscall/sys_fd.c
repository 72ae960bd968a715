/* System calls on descriptors, and on several of them at once. */
#include "fs/context.h"
#include "fs/dir.h"
#include "fs/event_file.h"
#include "fs/flock.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "fs/record_lock.h"
#include "lib/errno.h"
#include "mm/frames.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "proc/signal.h"
#include "proc/user_thread.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define SETTABLE (O_APPEND | O_NONBLOCK | O_NOATIME)
#define EFD_SEMAPHORE 1
#define POLL_FEW 16

static struct fd_table *table(void)
{
    return current_fs()->fds;
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

s64 sys_give_pair(struct file *file[2], uptr fds, bool cloexec)
{
    int fd[2];
    int error = install_pair(file, fd, cloexec);

    if (error || !copyout(fds, fd, sizeof(fd)))
        return error;
    (void)fd_close(table(), fd[0]);
    (void)fd_close(table(), fd[1]);
    return -EFAULT;
}

s64 sys_pipe2(uptr fds, int flags)
{
    struct file *file[2];
    int error;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    error = pipe_new(&file[0], &file[1], (u32)flags & O_NONBLOCK);
    return error ? error : sys_give_pair(file, fds, flags & O_CLOEXEC);
}

s64 sys_pipe(uptr fds)
{
    return sys_pipe2(fds, 0);
}

s64 sys_eventfd2(u32 count, int flags)
{
    struct file *file;
    int fd;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
        return -EINVAL;
    file = event_file_new(count, flags & EFD_SEMAPHORE, (u32)flags & O_NONBLOCK);
    if (!file)
        return -ENOMEM;
    fd = fd_install_from(table(), file, 0, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}

s64 sys_eventfd(u32 count)
{
    return sys_eventfd2(count, 0);
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

/* A lock of the process's, or the open file's own. If another thread has closed the descriptor meanwhile, the process has lost its locks on
   the file, and this one came too late for that. */
static s64 set_record(int fd, struct file *file, uptr from, bool own, bool wait)
{
    struct record_owner owner = { own ? (const void *)file : table(), own ? -1 : current_process()->pid };
    struct record what;
    struct file *still;
    s64 error;

    if (copyin(&what, from, sizeof(what)))
        return -EFAULT;
    if (own && what.pid)
        return -EINVAL;
    error = record_lock(file, owner, &what, wait);
    if (error || own)
        return error;
    still = fd_file(table(), fd);
    if (still != file)
        records_end(file, table());
    if (still)
        file_put(still);
    return still == file ? 0 : -EBADF;
}

static s64 get_record(struct file *file, uptr at, bool own)
{
    struct record_owner owner = { own ? (const void *)file : table(), -1 };
    struct record what;
    s64 error;

    if (copyin(&what, at, sizeof(what)))
        return -EFAULT;
    if (own && what.pid)
        return -EINVAL;
    error = record_test(file, owner, &what);
    return error ? error : copyout(at, &what, sizeof(what)) ? -EFAULT : 0;
}

/* A pipe has one size. */
static s64 pipe_size(const struct file *file, u64 size)
{
    if (!file->inode || !inode_is(file->inode, S_IFIFO))
        return -EBADF;
    return size > PIPE_SIZE / 2 && size <= PIPE_SIZE ? (s64)PIPE_SIZE : -EINVAL;
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
    else if (command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW)
        result = set_record(fd, file, argument, command >= F_OFD_GETLK, command == F_SETLKW || command == F_OFD_SETLKW);
    else if (command == F_GETLK || command == F_OFD_GETLK)
        result = get_record(file, argument, command == F_OFD_GETLK);
    else if (command == F_GETPIPE_SZ || command == F_SETPIPE_SZ)
        result = pipe_size(file, command == F_GETPIPE_SZ ? PIPE_SIZE : (u32)argument);
    file_put(file);
    return result;
}

static s64 set_nonblock(struct file *file, uptr argument)
{
    int on;

    if (copyin(&on, argument, sizeof(on)))
        return -EFAULT;
    if (on)
        __atomic_fetch_or(&file->flags, O_NONBLOCK, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(&file->flags, ~O_NONBLOCK, __ATOMIC_RELAXED);
    return 0;
}

/* How much of a file is not read yet. */
static s64 tell_rest(const struct file *file, uptr to)
{
    int rest = (int)(file->inode->size - file->offset);

    return copyout(to, &rest, sizeof(rest)) ? -EFAULT : 0;
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
    else if (request == FIONREAD && file->inode && inode_is(file->inode, S_IFREG))
        result = tell_rest(file, argument);
    else
        result = file->ops->ioctl ? file->ops->ioctl(file, request, argument) : -ENOTTY;
    file_put(file);
    return result;
}

s64 sys_flock(int fd, int operation)
{
    u32 how = (u32)operation & ~LOCK_NB;
    struct file *file;
    s64 result;

    if (how != LOCK_SH && how != LOCK_EX && how != LOCK_UN)
        return -EINVAL;
    file = sys_file(fd);
    if (!file)
        return -EBADF;
    result = fs_flock(file, how, !(operation & LOCK_NB));
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
        result = fs_poll(list, count, POLLERR | POLLHUP, when);
        if (result >= 0 && copyout(fds, list, size))
            result = -EFAULT;
    }
    if (list != few)
        kfree(list);
    return result;
}

/* If a signal without a handler ends the wait, the call begins again: it ends when it would have ended. */
s64 sys_poll(uptr fds, u64 count, int timeout_ms)
{
    struct user_thread *me = user_thread(current());
    u64 when = me->sleep_until ? me->sleep_until : clock_ns() + (u64)timeout_ms * NS_PER_MS;
    s64 result = poll_until(fds, count, timeout_ms < 0 ? ~0ul : when);

    me->sleep_until = result == -ERESTART_NO_HANDLER && timeout_ms >= 0 ? when : 0;
    return result;
}

/* When a wait ends that is to take so long; timeout 0: never. */
static int until(uptr timeout, u64 *when)
{
    struct timespec time;

    *when = ~0ul;
    if (!timeout)
        return 0;
    if (copyin(&time, timeout, sizeof(time)))
        return -EFAULT;
    if (time.sec < 0 || (u64)time.nsec >= NS_PER_SEC)
        return -EINVAL;
    *when = clock_ns() + min((u64)time.sec, ~0ul / NS_PER_SEC / 2) * NS_PER_SEC + (u64)time.nsec;
    return 0;
}

/* With another signal mask while it waits. If a signal came, that one is heard before the old mask returns (signals_deliver()). */
static s64 poll_masked(uptr fds, u64 count, u64 when, uptr mask)
{
    struct user_thread *user = user_thread(current());
    s64 result;
    u64 set;

    if (copyin(&set, mask, sizeof(set)))
        return -EFAULT;
    user->saved_mask = user->blocked;
    user->restore_mask = true;
    signal_mask_set(set);
    result = poll_until(fds, count, when);
    if (result == -ERESTART_NO_HANDLER)
        return result;
    user->restore_mask = false;
    signal_mask_set(user->saved_mask);
    return result;
}

s64 sys_ppoll(uptr fds, u64 count, uptr timeout, uptr mask, size_t mask_size)
{
    u64 when;
    s64 result = until(timeout, &when);

    if (result)
        return result;
    if (mask && mask_size != sizeof(u64))
        return -EINVAL;
    result = mask ? poll_masked(fds, count, when, mask) : poll_until(fds, count, when);
    if (timeout)
        sys_tell_left(timeout, when, 1);
    return result;
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

        result = dir_entries(file, frame_to_virt(frame), (int)size < 0 ? 0 : min((size_t)(u32)size, PAGE_SIZE)); /* an int on Linux */
        if (result > 0 && copyout(to, frame_to_virt(frame), (size_t)result)) {
            file->offset = before;
            result = -EFAULT;
        }
        frame_put(frame);
    }
    file_put(file);
    return result;
}
