/* Clocks, sleeping and dates. Dates are UTC. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};

struct tm {
    int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
};

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME_ID = 2, CLOCK_BOOTTIME = 7, TIMER_ABSTIME = 1 };

time_t time(time_t *t);
int clock_gettime(int clock, struct timespec *now);
int clock_getres(int clock, struct timespec *step);
int clock_nanosleep(int clock, int flags, const struct timespec *time, struct timespec *left);
int nanosleep(const struct timespec *time, struct timespec *left);

struct tm *gmtime(const time_t *t);
struct tm *localtime(const time_t *t);                                                  /* gmtime() */
size_t strftime(char *to, size_t size, const char *format, const struct tm *tm); /* %Y %m %d %H %M %S %a %b %e %j %s %n %% %F %T %y %Z */
