/* System calls at their edges: timers, counters, select(), mappings that move, waitid(), clone3(). What these do beyond: timers.c,
 * events.c, waits.c, remap.c, clone3.c. */

#include "edges.h"

#include <time.h>

static struct timespec setting[2] = { { 0, 0 }, { 0, 0 } }, no_time[2] = { { 0, 0 }, { 0, 1000000000 } };
static int event[16] = { 0, 0, 40, 3 }; /* a way of telling that there is not */
static unsigned long number = 1, most = -1, arguments[11], bits[2], pause_time[2], bad_pause[2] = { 0, -1 };

static void timers(void)
{
    int id = -1;
    E(timer_create, 99, NULL, &id);
    E(timer_create, CLOCK_MONOTONIC, event, &id);
    E(timer_create, CLOCK_MONOTONIC, NULL, NOWHERE);
    E(timer_create, CLOCK_MONOTONIC, KERNEL, &id);
    E(timer_settime, 77, 0, setting, NULL);
    E(timer_settime, 77, 0, no_time, NULL);
    E(timer_settime, 77, 0, NOWHERE, NULL);
    E(timer_settime, 77, 0, NULL, NULL);
    E(timer_gettime, 77, NOWHERE);
    E(timer_getoverrun, 77);
    E(timer_getoverrun, -1);
    E(timer_delete, 77);
    OK(timer_create, CLOCK_MONOTONIC, NULL, &id);
    E(timer_settime, id, 1, setting, setting);
    E(timer_gettime, id, BEFORE_END(31));
    E(timer_delete, id);
}

static void files(void)
{
    int fd;
    E(eventfd2, 0, 2);
    E(eventfd2, 0, -1);
    OK(eventfd, 5);
    fd = (int)CALL(eventfd2, 5, O_NONBLOCK);
    E(write, fd, &most, 8);
    E(write, fd, &number, 7);
    E(read, fd, &number, 8);
    E(read, fd, &number, 8);
    E(timerfd_settime, fd, 0, setting, NULL);
    E(timerfd_gettime, fd, setting);
    E(timerfd_create, 2, 0);
    E(timerfd_create, CLOCK_MONOTONIC, 1);
    E(timerfd_settime, 99, 0, setting, NULL);
    E(timerfd_settime, 99, 8, setting, NULL);
    E(timerfd_settime, 99, 0, no_time, NULL);
    E(timerfd_gettime, 99, NOWHERE);
    fd = (int)CALL(timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK);
    E(read, fd, &number, 8);
    E(write, fd, &number, 8);
    E(timerfd_settime, fd, 0, setting, NOWHERE);
}

static void selecting(void)
{
    E(select, -1, NULL, NULL, NULL, NULL);
    E(select, 0, NULL, NULL, NULL, pause_time);
    E(select, 0, NULL, NULL, NULL, bad_pause);
    E(select, 0, NULL, NULL, NULL, NOWHERE);
    bits[0] = 1ul << 13;
    E(select, 14, bits, NULL, NULL, pause_time);
    bits[0] = 1ul << 60;
    E(select, 61, bits, NULL, NULL, pause_time);
    E(select, 14, NOWHERE, NULL, NULL, pause_time);
    E(pselect6, -1, NULL, NULL, NULL, NULL, NULL);
    E(pselect6, 0, NULL, NULL, NULL, pause_time, NOWHERE);
    E(pselect6, 0, NULL, NULL, NULL, bad_pause, NULL);
}

static void memory(void)
{
    char *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    E(mremap, at + 1, PAGE, PAGE, 0, NULL);
    E(mremap, at, PAGE, 0, 0, NULL);
    E(mremap, at, PAGE, PAGE, 16, NULL);
    E(mremap, at, PAGE, PAGE, 2, at);
    E(mremap, at, 0, PAGE, 1, NULL);
    E(mremap, at, 2 * PAGE, 2 * PAGE, 3, at + PAGE);
    E(mremap, NOWHERE, PAGE, 2 * PAGE, 1, NULL);
    E(mremap, NOWHERE, PAGE, PAGE, 3, at + 3 * PAGE);
    E(mremap, NOWHERE, PAGE, PAGE, 3, at + 1);
    E(mremap, NOWHERE, PAGE, PAGE, 2, at);
    E(mremap, NOWHERE, PAGE, 1ul << 47, 1, NULL);
    E(mremap, at, PAGE, 1ul << 47, 1, NULL);
    E(mremap, at, PAGE, -PAGE, 1, NULL);
    E(mremap, at, 1ul << 47, PAGE, 1, NULL);
    E(mremap, at, 1ul << 47, PAGE, 3, at + 3 * PAGE);
    E(mremap, at, -PAGE, PAGE, 3, at + 3 * PAGE);
    E(mremap, at, PAGE, PAGE, 3, LAST - PAGE + 1);
    E(msync, at, PAGE, 4);
    E(msync, at + 1, PAGE, 4);
    E(msync, at, PAGE, 5);
    E(msync, NOWHERE, PAGE, 4);
    E(msync, NOWHERE, 0, 4);
    E(msync, LAST - PAGE + 1, PAGE, 4);
}

static void processes(void)
{
    siginfo_t info;
    E(waitid, 0, 0, &info, 4, NULL);
    E(waitid, 0, 0, &info, 0, NULL);
    E(waitid, 9, 0, &info, 4, NULL);
    E(waitid, 1, 0, &info, 4, NULL);
    E(waitid, 2, -1, &info, 4, NULL);
    E(waitid, 1, 1, NOWHERE, 4, NOWHERE);
    E(clone3, arguments, 63);
    E(clone3, arguments, 4097);
    E(clone3, NOWHERE, 64);
    arguments[0] = SIGCHLD;
    E(clone3, arguments, 88);
    arguments[0] = 0;
    arguments[4] = 65;
    E(clone3, arguments, 88);
}

int main(void)
{
    begin_edges();
    group("timers that signal", timers);
    group("timers and counters that are files", files);
    group("select", selecting);
    group("mappings", memory);
    group("processes", processes);
    return 0;
}
