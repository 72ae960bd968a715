/* Edges of prctl and unshare, of a pipe's size, of what a parent's end means to its children, and of /proc. */

#include "edges.h"

enum { SET_DEATH = 1, GET_DEATH, GET_DUMPABLE, SET_DUMPABLE, SET_SLACK = 29, GET_SLACK, SET_ADOPT = 36, GET_ADOPT, SET_NO_NEW, GET_NO_NEW };
enum { SET_SIZE = 1031, GET_SIZE };

static volatile int heard;
static int number;

static void hear(int signal)
{
    heard = signal;
}

static void options(void)
{
    E(prctl, SET_DEATH, 65);
    E(prctl, SET_DEATH, -1);
    E(prctl, SET_DEATH, SIGUSR1);
    E(prctl, GET_DEATH, NOWHERE);
    E(prctl, GET_DEATH, &number);
    V(number);
    E(prctl, SET_DEATH, 0);
    E(prctl, GET_DEATH, &number);
    V(number);
    E(prctl, GET_DUMPABLE);
    E(prctl, SET_DUMPABLE, 2);
    E(prctl, SET_DUMPABLE, -1);
    E(prctl, SET_DUMPABLE, 0);
    E(prctl, GET_DUMPABLE);
    E(prctl, SET_DUMPABLE, 1);
    E(prctl, GET_SLACK);
    E(prctl, SET_SLACK, 7);
    E(prctl, GET_SLACK);
    E(prctl, SET_SLACK, 0);
    E(prctl, GET_SLACK);
    E(prctl, SET_SLACK, -1);
    E(prctl, GET_SLACK);
    E(prctl, GET_ADOPT, NOWHERE);
    E(prctl, GET_ADOPT, &number);
    V(number);
    E(prctl, SET_ADOPT, 5);
    E(prctl, GET_ADOPT, &number);
    V(number);
    E(prctl, SET_NO_NEW, 0);
    E(prctl, SET_NO_NEW, 2);
    E(prctl, SET_NO_NEW, 1, 1);
    E(prctl, SET_NO_NEW, 1, 0, 1);
    E(prctl, SET_NO_NEW, 1, 0, 0, 1);
    E(prctl, GET_NO_NEW, 1);
    E(prctl, GET_NO_NEW);
    E(prctl, SET_NO_NEW, 1, 0, 0, 0);
    E(prctl, GET_NO_NEW);
    E(prctl, SET_NO_NEW, 0);
    E(prctl, 12345);
    about("a child has");
    E(prctl, SET_SLACK, 9);
    E(prctl, SET_DEATH, SIGUSR1);
    pid_t pid = split();
    if (pid == 0) {
        E(prctl, GET_NO_NEW);
        E(prctl, GET_SLACK);
        E(prctl, SET_SLACK, 11);
        E(prctl, SET_SLACK, 0);
        E(prctl, GET_SLACK);
        E(prctl, GET_DEATH, &number);
        V(number);
        E(prctl, GET_ADOPT, &number);
        V(number);
        done(0);
    }
    wait_for(pid);
}

static void user_options(void)
{
    E(prctl, GET_DUMPABLE);
    E(open, "/proc/1/maps", O_RDONLY);
    E(unshare, 0x20000);
    E(unshare, 0x4000000);
    E(unshare, 0x20000 | 1);
}

static void as_user(void)
{
    child_as_user(user_options);
}

/* A child that asks, and ends without waiting for its own child: whose parent it is then, and what it hears. */
static void parents(void)
{
    sigset_t set;
    int ready[2];
    struct timespec long_time = { 10, 0 };
    pid_t me = getpid();
    CALL(prctl, SET_ADOPT, 1);
    pipe(ready);
    pid_t pid = split();
    if (pid == 0) {
        signal(SIGUSR1, hear);
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        pid_t inner = split();
        if (inner == 0) {
            CALL(prctl, SET_DEATH, SIGUSR1);
            write(ready[1], "x", 1);
            V(CALL(rt_sigtimedwait, &set, NULL, &long_time, 8));
            V(getppid() == me);
            done(3);
        }
        read(ready[0], buffer, 1);
        done(4);
    }
    int middle = wait_for(pid) >> 8, inner = wait_for(-1) >> 8; /* what that one says comes before what is said here */
    V(middle);
    V(inner);
    E(wait4, -1, NULL, 0, NULL);
    about("of one who had ended");
    pid = split();
    if (pid == 0) {
        pid_t inner = split();
        if (inner == 0)
            done(5);
        siginfo_t info;
        CALL(waitid, 0, 0, &info, 4 | 0x1000000, NULL);
        done(6);
    }
    V(wait_for(pid) >> 8);
    V(wait_for(-1) >> 8);
}

static void sharing(void)
{
    E(unshare, 0);
    E(unshare, 1);
    E(unshare, -1);
    E(unshare, 1ul << 32);
    E(unshare, 0x200);
    E(unshare, 0x400);
    E(unshare, 0x40000);
    E(unshare, 0x100 | 0x800 | 0x10000);
}

static void sizes(void)
{
    int fds[2];
    pipe(fds);
    E(fcntl, fds[0], GET_SIZE);
    E(fcntl, fds[1], GET_SIZE);
    E(fcntl, 0, GET_SIZE);
    E(fcntl, 99, GET_SIZE);
    E(fcntl, fds[0], SET_SIZE, 65536);
    E(fcntl, fds[1], SET_SIZE, 40000);
    E(fcntl, fds[1], SET_SIZE, 0xffffffff);
    E(fcntl, 0, SET_SIZE, 65536);
    E(fcntl, fds[1], GET_SIZE);
}

static void shown(void)
{
    char expected[64], text[256] = "";
    snprintf(expected, sizeof(expected), "%d/task/%d", getpid(), getpid());
    V(CALL(readlink, "/proc/thread-self", text, sizeof(text)) == (long)strlen(expected) && strcmp(text, expected) == 0);
    E(access, "/proc/thread-self/stat", R_OK);
    E(access, "/proc/self/mounts", R_OK);
    E(access, "/proc/mounts", R_OK);
    E(access, "/proc/self/cgroup", R_OK);
    int fd = open("/proc/self/cgroup", O_RDONLY);
    V(read(fd, text, sizeof(text)) > 0);
    close(fd);
    fd = open("/proc/self/mounts", O_RDONLY);
    V(read(fd, text, sizeof(text)) > 0);
    close(fd);
    fd = open("/proc/swaps", O_RDONLY);
    V(read(fd, text, 8));
    close(fd);
    E(access, "/proc/diskstats", R_OK);
}

int main(void)
{
    begin_edges();
    group("prctl", options);
    group("prctl as a user", as_user);
    group("parents", parents);
    group("unshare", sharing);
    group("sizes of pipes", sizes);
    group("/proc", shown);
    return 0;
}
