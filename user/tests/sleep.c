/* Time: sleeping, clocks that agree, bad times. */

#include "show.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(void)
{
    begin();
    long start = now_us();
    show("nanosleep", nanosleep(&(struct timespec){ 0, 20000000 }, NULL));
    show_true("20 ms at least", now_us() - start >= 20000);
    start = now_us();
    show("of nothing", nanosleep(&(struct timespec){ 0, 0 }, NULL));
    show_call("a thousand million ns", nanosleep(&(struct timespec){ 0, 1000000000 }, NULL));
    show_call("less than nothing", nanosleep(&(struct timespec){ -1, 0 }, NULL));
    show_call("negative ns", nanosleep(&(struct timespec){ 0, -1 }, NULL));
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += 10000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    show("clock_nanosleep until", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
    struct timespec after;
    clock_gettime(CLOCK_MONOTONIC, &after);
    show_true("not before", after.tv_sec > at.tv_sec || (after.tv_sec == at.tv_sec && after.tv_nsec >= at.tv_nsec));
    show("until what is past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){ 0, 1 }, NULL));
    show_call("a clock that is none", clock_gettime(77, &at));
    show_call("sleep by a clock that is none", clock_nanosleep(77, 0, &at, NULL));
    struct timespec real;
    struct timeval day;
    clock_gettime(CLOCK_REALTIME, &real);
    gettimeofday(&day, NULL);
    show_true("the clocks of the day agree", day.tv_sec - real.tv_sec < 2);
    show_true("time() too", time(NULL) - real.tv_sec < 3);
    show_true("it is after 1999", real.tv_sec > 915148800);
    long last = now_us(), back = 0;
    for (int i = 0; i < 10000; i++) {
        long now = now_us();
        back += now < last;
        last = now;
    }
    show("steps backwards", back);
    struct timespec cpu;
    start = now_us();
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    while (cpu.tv_sec == 0 && cpu.tv_nsec < 20000000);
    show_true("CPU time goes by in a loop, no faster than time", now_us() - start > 10000);
    struct tms used;
    show_true("times", times(&used) != -1 && used.tms_utime + used.tms_stime >= 0);
    start = now_us();
    pid_t pids[3];
    for (int i = 0; i < 3; i++) {
        if ((pids[i] = split()) == 0) {
            usleep(60000 - i * 25000);
            _exit(i);
        }
    }
    for (int i = 0, status; i < 3; i++) {
        wait(&status);
        show_status("sleepers wake in order", status);
    }
    return 0;
}
