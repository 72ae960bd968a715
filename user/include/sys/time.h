/* Time of day and interval timers. */
#pragma once

#include <sys/types.h>

struct timeval {
    time_t tv_sec;
    long tv_usec;
};
struct itimerval {
    struct timeval it_interval, it_value;
};
enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };

int gettimeofday(struct timeval *now, void *ignored);
int setitimer(int which, const struct itimerval *new, struct itimerval *old);
int getitimer(int which, struct itimerval *now);
