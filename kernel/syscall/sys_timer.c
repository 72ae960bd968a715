/* System calls on timers that a program makes: timer_create() and its like, whose timers send signals, and timerfd_create() and its
   like, whose timers are files. */
#include "fs/inode.h"
#include "fs/timer_file.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

enum { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME = 7, CLOCK_KNOWN };
enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 4 };

#define TIMER_ABSTIME 1
#define TIMER_CANCEL_ON_SET 2 /* of files: nobody sets the calendar */
#define SECONDS_MOST ((s64)(TIME_MOST / NS_PER_SEC)) /* what is beyond is the last time that there is, as on Linux */

struct user_sigevent {
    u64 value;
    int signal, how, thread;
    int padding[11];
};

struct user_setting {
    struct timespec interval, left;
};

static bool good(const struct timespec *t)
{
    return t->sec >= 0 && t->nsec >= 0 && (u64)t->nsec < NS_PER_SEC;
}

static u64 to_ns(const struct timespec *t)
{
    return t->sec < SECONDS_MOST ? (u64)t->sec * NS_PER_SEC + (u64)t->nsec : TIME_MOST;
}

static struct timespec from_ns(u64 ns)
{
    return (struct timespec){ (s64)(ns / NS_PER_SEC), (s64)(ns % NS_PER_SEC) };
}

/* What the program wants. Returns 0, -EFAULT or -EINVAL. */
static int setting_from(uptr at, struct timer_setting *setting)
{
    struct user_setting user;

    if (copyin(&user, at, sizeof(user)))
        return -EFAULT;
    if (!good(&user.interval) || !good(&user.left))
        return -EINVAL;
    *setting = (struct timer_setting){ to_ns(&user.left), to_ns(&user.interval) };
    return 0;
}

static s64 setting_to(uptr at, const struct timer_setting *setting)
{
    struct user_setting user = { from_ns(setting->interval), from_ns(setting->left) };

    return copyout(at, &user, sizeof(user));
}

static bool has_timers(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
}

/* --- timers that send signals --- */

static int notice_from(const struct user_sigevent *event, struct timer_notice *notice)
{
    bool none = event->how == SIGEV_NONE, one = event->how == SIGEV_THREAD_ID;

    if (!none && !one && event->how != SIGEV_SIGNAL && event->how != SIGEV_THREAD)
        return -EINVAL;
    if (!none && (event->signal < 1 || event->signal > NSIG || (one && event->thread <= 0)))
        return -EINVAL;
    *notice = (struct timer_notice){ .none = none, .signal = event->signal, .value = event->value, .thread = one ? event->thread : 0 };
    return 0;
}

s64 sys_timer_create(int clock, uptr event_at, uptr id_at)
{
    struct timer_notice notice = { .own_id = true, .signal = SIGALRM };
    struct user_sigevent event;
    int error = 0, id;

    if (event_at && copyin(&event, event_at, sizeof(event)))
        return -EFAULT;
    if (!has_timers(clock))
        return clock > 0 && clock < CLOCK_KNOWN ? -EOPNOTSUPP : -EINVAL;
    if (event_at)
        error = notice_from(&event, &notice);
    if (error)
        return error;
    id = posix_timer_new(clock == CLOCK_REALTIME, &notice);
    if (id < 0 || !copyout(id_at, &id, sizeof(id)))
        return min(id, 0);
    (void)posix_timer_delete(id);
    return -EFAULT;
}

s64 sys_timer_settime(int id, int flags, uptr new, uptr old)
{
    struct timer_setting setting, before;
    int error = new ? setting_from(new, &setting) : -EINVAL;

    if (!error)
        error = posix_timer_set(id, flags & TIMER_ABSTIME, &setting, &before);
    return error || !old ? error : setting_to(old, &before);
}

s64 sys_timer_gettime(int id, uptr now)
{
    struct timer_setting setting;
    int error = posix_timer_look(id, &setting);

    return error ? error : setting_to(now, &setting);
}

s64 sys_timer_getoverrun(int id)
{
    return posix_timer_overrun(id);
}

s64 sys_timer_delete(int id)
{
    return posix_timer_delete(id);
}

/* --- timers that are files --- */

s64 sys_timerfd_create(int clock, int flags)
{
    struct file *file;
    int fd;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK) || !has_timers(clock))
        return -EINVAL;
    file = timer_file_new(clock == CLOCK_REALTIME, (u32)flags & O_NONBLOCK);
    if (!file)
        return -ENOMEM;
    fd = fd_install_from(current_fs()->fds, file, 0, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}

/* The timer behind a descriptor: a reference to its file. Returns 0, -EBADF or -EINVAL. */
static int timer_file(int fd, struct file **file)
{
    *file = sys_file(fd);
    if (!*file)
        return -EBADF;
    if (is_timer_file(*file))
        return 0;
    file_put(*file);
    return -EINVAL;
}

s64 sys_timerfd_settime(int fd, int flags, uptr new, uptr old)
{
    struct timer_setting setting, before;
    struct file *file;
    int error = setting_from(new, &setting);

    if (!error && flags & ~(TIMER_ABSTIME | TIMER_CANCEL_ON_SET))
        error = -EINVAL;
    if (!error)
        error = timer_file(fd, &file);
    if (error)
        return error;
    timer_file_set(file, flags & TIMER_ABSTIME, &setting, &before);
    file_put(file);
    return old ? setting_to(old, &before) : 0;
}

s64 sys_timerfd_gettime(int fd, uptr now)
{
    struct timer_setting setting;
    struct file *file;
    int error = timer_file(fd, &file);

    if (error)
        return error;
    timer_file_look(file, &setting);
    file_put(file);
    return setting_to(now, &setting);
}
