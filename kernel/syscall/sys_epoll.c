/* System calls on epolls (fs/epoll.h). */
#include "fs/context.h"
#include "fs/epoll.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/signal.h"
#include "proc/user_thread.h"
#include "sched/sched.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

s64 sys_epoll_create1(int flags)
{
    struct file *file;
    int fd;

    if (flags & ~O_CLOEXEC)
        return -EINVAL;
    file = epoll_file_new();
    if (!file)
        return -ENOMEM;
    fd = fd_install_from(current_fs()->fds, file, 0, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}

s64 sys_epoll_create(int size)
{
    return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

s64 sys_epoll_ctl(int epoll, int operation, int fd, uptr from)
{
    struct epoll_event event = { 0 };
    struct file *file, *watched;
    s64 result = -EBADF;

    if (operation != EPOLL_CTL_DEL && copyin(&event, from, sizeof(event)))
        return -EFAULT;
    file = sys_file(epoll);
    watched = file ? sys_file(fd) : NULL;
    if (watched) {
        result = epoll_control(file, operation, watched, fd, &event);
        file_put(watched);
    }
    if (file)
        file_put(file);
    return result;
}

static s64 wait_until(int epoll, uptr to, int most, u64 when)
{
    struct file *file = sys_file(epoll);
    s64 result = -EINVAL;

    if (!file)
        return -EBADF;
    if (most > 0 && most <= EPOLL_MOST) {
        if (!user_range(to, (size_t)most * sizeof(struct epoll_event)))
            result = -EFAULT;
        else if (is_epoll_file(file))
            result = epoll_wait_until(file, to, (size_t)most, when);
    }
    file_put(file);
    return result;
}

/* With another signal mask while it waits, unless mask is 0. If a signal came, that one is heard before the old mask returns
   (signals_deliver()). */
static s64 wait_masked(int epoll, uptr to, int most, u64 when, uptr mask, size_t mask_size)
{
    struct user_thread *user = user_thread(current());
    s64 result;
    u64 set;

    if (!mask)
        return wait_until(epoll, to, most, when);
    if (mask_size != sizeof(set))
        return -EINVAL;
    if (copyin(&set, mask, sizeof(set)))
        return -EFAULT;
    user->saved_mask = user->blocked;
    user->restore_mask = true;
    signal_mask_set(set);
    result = wait_until(epoll, to, most, when);
    if (result == -EINTR)
        return result;
    user->restore_mask = false;
    signal_mask_set(user->saved_mask);
    return result;
}

static u64 after_ms(int timeout_ms)
{
    return timeout_ms < 0 ? ~0ul : timeout_ms ? clock_ns() + (u64)timeout_ms * NS_PER_MS : 0;
}

s64 sys_epoll_wait(int epoll, uptr events, int most, int timeout_ms)
{
    return wait_until(epoll, events, most, after_ms(timeout_ms));
}

s64 sys_epoll_pwait(int epoll, uptr events, int most, int timeout_ms, uptr mask, size_t mask_size)
{
    return wait_masked(epoll, events, most, after_ms(timeout_ms), mask, mask_size);
}

s64 sys_epoll_pwait2(int epoll, uptr events, int most, uptr timeout, uptr mask, size_t mask_size)
{
    struct timespec time;
    u64 when = ~0ul;

    if (timeout) {
        if (copyin(&time, timeout, sizeof(time)))
            return -EFAULT;
        if (time.sec < 0 || (u64)time.nsec >= NS_PER_SEC)
            return -EINVAL;
        when = clock_ns() + min((u64)time.sec, ~0ul / NS_PER_SEC / 2) * NS_PER_SEC + (u64)time.nsec;
    }
    return wait_masked(epoll, events, most, when, mask, mask_size);
}
