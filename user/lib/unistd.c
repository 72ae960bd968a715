/* System calls whose C function is a little more than the call: <unistd.h>, <fcntl.h>, <sys/wait.h>, <termios.h>, ... All others are
 * stubs made by stubs.awk. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return syscall(SYS_open, path, flags, mode);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    return syscall(SYS_pread64, fd, to, n, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    return syscall(SYS_pwrite64, fd, from, n, at);
}

int fstatat(int folder, const char *path, struct stat *st, int flags)
{
    return syscall(SYS_newfstatat, folder, path, st, flags);
}

char *getcwd(char *to, size_t size)
{
    return syscall(SYS_getcwd, to, size) < 0 ? NULL : to;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
    return wait4(-1, status, 0, NULL);
}

pid_t vfork(void)
{
    return fork(); /* a stub cannot return twice on one stack */
}

int brk(void *end)
{
    if ((void *)syscall(SYS_brk, end) == end)
        return 0;
    errno = ENOMEM;
    return -1;
}

void *sbrk(long change)
{
    static char *end;
    if (!end)
        end = (char *)syscall(SYS_brk, 0);
    if (change && brk(end + change) < 0)
        return (void *)-1;
    end += change;
    return end - change;
}

unsigned sleep(unsigned seconds)
{
    struct timespec time = { seconds, 0 };
    return nanosleep(&time, &time) < 0 ? time.tv_sec + (time.tv_nsec > 0) : 0;
}

int usleep(unsigned us)
{
    return nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

/* The call's answer is 20 - nice, so that it is never negative. */
int getpriority(int which, int who)
{
    long answer = syscall(SYS_getpriority, which, who);
    return answer < 0 ? -1 : 20 - answer;
}

int nice(int change)
{
    int now = getpriority(PRIO_PROCESS, 0) + change;
    return setpriority(PRIO_PROCESS, 0, now) < 0 ? -1 : getpriority(PRIO_PROCESS, 0);
}

/* The call tells how many bytes it has written; behind them nothing is set. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    long written = syscall(SYS_sched_getaffinity, pid, size, set);
    if (written < 0)
        return -1;
    memset((char *)set + written, 0, size - written);
    return 0;
}

int sched_getcpu(void)
{
    unsigned cpu;
    return syscall(SYS_getcpu, &cpu, NULL) < 0 ? -1 : (int)cpu;
}

int isatty(int fd)
{
    struct termios settings;
    return tcgetattr(fd, &settings) == 0;
}

int tcgetattr(int fd, struct termios *settings)
{
    return ioctl(fd, TCGETS, settings);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
    return ioctl(fd, TCSETS + when, settings);
}

pid_t tcgetpgrp(int fd)
{
    pid_t group;
    return ioctl(fd, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int tcsetpgrp(int fd, pid_t group)
{
    return ioctl(fd, TIOCSPGRP, &group);
}

int reboot(int command)
{
    return syscall(SYS_reboot, 0xfee1dead, 672274793, command, 0);
}
