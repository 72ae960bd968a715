/* Counters and timers that are files (eventfd2(), timerfd_create()): reading, writing, waiting, poll(); and what they refuse. */

#include "show.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

enum { SEMAPHORE = 1, CANCEL_ON_SET = 2 };

struct setting {
    struct timespec interval, left;
};

static const struct setting soon = { { 0, 0 }, { 0, 2000000 } };

static int counter(unsigned start, int flags)
{
    return (int)syscall(SYS_eventfd2, start, flags);
}

static int timer(int clock, int flags)
{
    return (int)syscall(SYS_timerfd_create, clock, flags);
}

static void get(const char *name, int fd)
{
    unsigned long n = 0;
    long got = read(fd, &n, sizeof(n));
    if (got == sizeof(n))
        show(name, (long)n);
    else
        show_call(name, got);
}

static void add(const char *name, int fd, unsigned long n)
{
    show_call(name, write(fd, &n, sizeof(n)));
}

static void ready(const char *name, int fd, int timeout)
{
    struct pollfd one = { fd, POLLIN | POLLOUT, 0 };
    poll(&one, 1, timeout);
    show(name, one.revents);
}

static void counters(void)
{
    int fd = counter(3, O_NONBLOCK), one = counter(2, O_NONBLOCK | SEMAPHORE), old = (int)syscall(SYS_eventfd, 7);
    char little[7] = "";
    struct stat st;
    get("what it starts with", fd);
    get("empty", fd);
    ready("empty", fd, 0);
    add("add", fd, 5);
    add("and more", fd, 6);
    ready("some", fd, 0);
    get("all", fd);
    get("one of two", one);
    get("the other", one);
    get("none", one);
    get("the older call's", old);
    add("nothing", fd, 0);
    get("is nothing", fd);
    add("full", fd, ~0ul - 1);
    ready("full", fd, 0);
    add("too much", fd, 1);
    add("nothing", fd, 0);
    add("no number", fd, ~0ul);
    get("all of it", fd);
    show_call("read of 7 bytes", read(fd, little, sizeof(little)));
    show_call("write of 7 bytes", write(fd, little, sizeof(little)));
    show_call("read of none", read(fd, little, 0));
    char more[16] = { 0 };
    add("add", fd, 9);
    show_call("read of 16", read(fd, more, sizeof(more)));
    show("of which", more[0]);
    show_call("from nowhere", write(fd, (void *)1, 8));
    fstat(fd, &st);
    show("mode", st.st_mode);
    show("flags", fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    show("close on exec", fcntl(counter(0, O_CLOEXEC), F_GETFD));
    show_call("an unknown flag", counter(0, 2));
    show_call("ftruncate", ftruncate(fd, 0));
    close(fd);
    close(one);
    close(old);
}

/* A child waits in read(), and in write(). */
static void waits(void)
{
    int to = counter(0, 0), from = counter(0, 0);
    pid_t pid = split();
    if (pid == 0) {
        get("the child read", to);
        add("and answers", from, 1);
        add("fills", from, ~0ul - 2);
        add("waits for room", from, 2);
        done(0);
    }
    struct pollfd both[2] = { { to, POLLIN, 0 }, { from, POLLIN, 0 } };
    show("nothing yet", poll(both, 2, 20));
    add("tell", to, 42);
    show("an answer", poll(&both[1], 1, 10000));
    for (struct pollfd full = { from, POLLOUT, 0 }; poll(&full, 1, 0);)
        sched_yield(); /* until the child has filled it; it waits then, or will */
    unsigned long n;
    read(from, &n, sizeof(n));
    show_status("ended", wait_for(pid));
    show_true("all of it", n == ~0ul - 1);
    get("what came then", from);
    close(to);
    close(from);
}

static volatile sig_atomic_t heard;

static void hears(int number)
{
    heard = number;
}

static void interrupted(void)
{
    int fd = counter(0, 0), ring = timer(CLOCK_MONOTONIC, 0);
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = hears }, NULL);
    syscall(SYS_setitimer, 0, &(long[4]){ 0, 0, 0, 5000 }, NULL);
    get("a signal came", fd);
    syscall(SYS_setitimer, 0, &(long[4]){ 0, 0, 0, 5000 }, NULL);
    get("and again", ring);
    signal(SIGALRM, SIG_DFL);
    close(fd);
    close(ring);
}

static void timers(void)
{
    int fd = timer(CLOCK_MONOTONIC, 0), fast = timer(CLOCK_REALTIME, O_NONBLOCK);
    struct setting was;
    struct timespec pause = { 0, 105000000 };
    unsigned long n = 0;
    ready("not set", fd, 0);
    get("not set", fast);
    show_call("set", syscall(SYS_timerfd_settime, fd, 0, &soon, NULL));
    get("rang", fd);
    syscall(SYS_timerfd_gettime, fd, &was);
    show_true("once", !was.left.tv_sec && !was.left.tv_nsec);
    syscall(SYS_timerfd_settime, fd, 0, &(struct setting){ { 0, 10000000 }, { 0, 10000000 } }, NULL);
    ready("poll waits for it", fd, 10000);
    nanosleep(&pause, NULL);
    read(fd, &n, sizeof(n));
    show_true("so often", n >= 10 && n < 1000);
    syscall(SYS_timerfd_settime, fd, 0, &(struct setting){ { 7, 0 }, { 50, 0 } }, &was);
    show_true("was set", was.interval.tv_nsec == 10000000 && was.left.tv_nsec > 0 && was.left.tv_nsec <= 10000000);
    syscall(SYS_timerfd_gettime, fd, &was);
    show_true("is set", was.interval.tv_sec == 7 && was.left.tv_sec >= 48 && was.left.tv_sec <= 50);
    ready("set anew", fd, 0);
    syscall(SYS_timerfd_settime, fd, 0, &(struct setting){ { 1l << 62, 5 }, { 1l << 62, 0 } }, NULL);
    syscall(SYS_timerfd_gettime, fd, &was);
    show("as long as can be", was.interval.tv_sec);
    ready("it does not ring", fd, 1);
    syscall(SYS_timerfd_settime, fd, 0, &(struct setting){ { 5, 0 }, { 0, 0 } }, NULL);
    syscall(SYS_timerfd_gettime, fd, &was);
    show("not set, and how often if it were", was.interval.tv_sec);
    show("what is left", was.left.tv_sec);
    clock_gettime(CLOCK_REALTIME, &was.left);
    was.interval = (struct timespec){ 0, 0 };
    show_call("a time that is over", syscall(SYS_timerfd_settime, fast, TIMER_ABSTIME | CANCEL_ON_SET, &was, NULL));
    ready("rings at once", fast, 10000);
    get("rang", fast);
    get("once", fast);
    syscall(SYS_timerfd_settime, fast, 0, &(struct setting){ { 0, 1 }, { 0, 1 } }, NULL);
    nanosleep(&pause, NULL);
    read(fast, &n, sizeof(n));
    show_true("a storm", n > 1000);
    show_call("write", write(fd, &n, sizeof(n)));
    show_call("read of 7 bytes", read(fd, &n, 7));
    close(fast);
    close(fd);
}

/* A child reads the parent's, which is one file. */
static void of_two(void)
{
    int fd = timer(CLOCK_BOOTTIME, O_CLOEXEC);
    syscall(SYS_timerfd_settime, fd, 0, &soon, NULL);
    pid_t pid = split();
    if (pid == 0) {
        get("a child reads", fd);
        done(0);
    }
    show_status("it", wait_for(pid));
    ready("nothing is left", fd, 0);
    show("close on exec", fcntl(fd, F_GETFD));
    close(fd);
}

static void refused(void)
{
    int fd = timer(CLOCK_MONOTONIC, 0), other = counter(0, 0);
    const struct setting bad = { { 0, 0 }, { 0, 1000000000 } };
    show_call("no clock", timer(99, 0));
    show_call("a clock without timers", timer(2, 0));
    show_call("unknown flags", timer(CLOCK_MONOTONIC, 1));
    show_call("no time", syscall(SYS_timerfd_settime, fd, 0, &bad, NULL));
    show_call("no address", syscall(SYS_timerfd_settime, fd, 0, 1, NULL));
    show_call("no address, before the rest", syscall(SYS_timerfd_settime, 99, 77, 1, NULL));
    show_call("no time, before the file", syscall(SYS_timerfd_settime, 99, 0, &bad, NULL));
    show_call("unknown flags", syscall(SYS_timerfd_settime, fd, 4, &soon, NULL));
    show_call("unknown flags, before the file", syscall(SYS_timerfd_settime, 99, 4, &soon, NULL));
    show_call("no file", syscall(SYS_timerfd_settime, 99, 0, &soon, NULL));
    show_call("another file", syscall(SYS_timerfd_settime, other, 0, &soon, NULL));
    show_call("nowhere to tell", syscall(SYS_timerfd_settime, fd, 0, &soon, 1));
    show_call("of no file", syscall(SYS_timerfd_gettime, 99, 1));
    show_call("of another file", syscall(SYS_timerfd_gettime, other, 1));
    show_call("nowhere to tell", syscall(SYS_timerfd_gettime, fd, 1));
    close(fd);
    close(other);
}

int main(void)
{
    begin();
    counters();
    waits();
    interrupted();
    timers();
    of_two();
    refused();
    return 0;
}
