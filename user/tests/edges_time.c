/* Edges of the calls on time, and of futexes. */

#include "edges.h"

#include <sys/time.h>

enum { RAW_CLOCK = 4, COARSE = 5, MONO_COARSE = 6, BOOT = 7, ALARM_CLOCK = 8, TAI = 11, NO_CLOCK = 12 };
enum { WAIT, WAKE, FD, REQUEUE, CMP_REQUEUE, WAKE_OP, WAIT_BITSET = 9, WAKE_BITSET, PRIVATE = 128, REAL_TIME = 256, NO_OPERATION = 99 };

static struct timespec now, none = { 0, 0 }, nanosecond = { 0, 1 }, wrong = { 0, 1000000000 }, below = { 0, -1 }, negative = { -1, 0 };

static void clocks(void)
{
    struct timeval tv;
    int zone[2] = { 7, 7 };
    E(clock_gettime, NO_CLOCK, &now);
    E(clock_gettime, 12345, &now);
    E(clock_gettime, NO_CLOCK, NOWHERE);
    E(clock_gettime, CLOCK_REALTIME, NOWHERE);
    E(clock_gettime, CLOCK_REALTIME, NULL);
    E(clock_gettime, CLOCK_MONOTONIC, KERNEL);
    E(clock_gettime, CLOCK_MONOTONIC, read_only);
    for (int clock = CLOCK_REALTIME; clock <= BOOT; clock++) {
        now.tv_nsec = -1;
        E(clock_gettime, clock, &now);
        V(now.tv_sec >= 0 && now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
    }
    E(clock_getres, NO_CLOCK, &now);
    E(clock_getres, NO_CLOCK, NOWHERE);
    E(clock_getres, CLOCK_REALTIME, NULL);
    E(clock_getres, CLOCK_REALTIME, NOWHERE);
    E(clock_getres, CLOCK_MONOTONIC, &now);
    V(now.tv_sec * 1000000000 + now.tv_nsec);
    E(clock_settime, CLOCK_MONOTONIC, &none);
    E(clock_settime, CLOCK_MONOTONIC, NOWHERE);
    E(clock_settime, NO_CLOCK, &none);
    E(clock_settime, NO_CLOCK, NOWHERE);
    E(clock_settime, CLOCK_REALTIME, NOWHERE);
    E(clock_settime, CLOCK_REALTIME, &wrong);
    E(clock_settime, CLOCK_REALTIME, &negative);
    E(gettimeofday, NULL, NULL);
    E(gettimeofday, NOWHERE, NULL);
    E(gettimeofday, NULL, NOWHERE);
    E(gettimeofday, &tv, NOWHERE);
    E(gettimeofday, &tv, zone);
    V(tv.tv_sec > 0);
    OK(time, NULL);
    E(time, NOWHERE);
    E(time, KERNEL);
    OK(time, &tv.tv_sec);
}

static void sleeping(void)
{
    struct timespec left = { 7, 7 };
    E(nanosleep, NULL, NULL);
    E(nanosleep, NOWHERE, NULL);
    E(nanosleep, &wrong, NULL);
    E(nanosleep, &wrong, NOWHERE);
    E(nanosleep, &below, NULL);
    E(nanosleep, &negative, NULL);
    E(nanosleep, &none, NULL);
    E(nanosleep, &none, NOWHERE);
    E(nanosleep, &nanosecond, &left);
    V(left.tv_sec);
    E(clock_nanosleep, CLOCK_MONOTONIC, 0, &wrong, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &none, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &negative, NULL);
    E(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &none, NOWHERE);
    E(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &nanosecond, NULL);
    E(clock_nanosleep, BOOT, TIMER_ABSTIME, &none, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, 0, NOWHERE, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, 0, &nanosecond, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, 2, &nanosecond, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, -1, &none, NULL);
    E(clock_nanosleep, 3, 0, &nanosecond, NULL);
    E(clock_nanosleep, RAW_CLOCK, 0, &nanosecond, NULL);
    E(clock_nanosleep, COARSE, 0, &nanosecond, NULL);
    E(clock_nanosleep, RAW_CLOCK, 0, NOWHERE, NULL);
    E(clock_nanosleep, NO_CLOCK, 0, &nanosecond, NULL);
    E(clock_nanosleep, NO_CLOCK, 0, NOWHERE, NULL);
}

static void futexes(void)
{
    static unsigned word[2] __attribute__((aligned(8))) = { 5, 5 };
    struct timespec soon = { 0, 1000000 };
    char *unaligned = (char *)word + 1;
    about("waiting");
    E(futex, word, WAIT, 4, NULL, NULL, 0);
    E(futex, word, WAIT | PRIVATE, 4, NULL, NULL, 0);
    E(futex, unaligned, WAIT, 4, NULL, NULL, 0);
    E(futex, NOWHERE, WAIT, 4, NULL, NULL, 0);
    E(futex, NULL, WAIT, 0, NULL, NULL, 0);
    E(futex, NULL, WAIT | PRIVATE, 0, NULL, NULL, 0);
    E(futex, KERNEL, WAIT, 4, NULL, NULL, 0);
    E(futex, word, WAIT, 5, &wrong, NULL, 0);
    E(futex, word, WAIT, 4, &wrong, NULL, 0);
    E(futex, word, WAIT, 5, &negative, NULL, 0);
    E(futex, word, WAIT, 5, NOWHERE, NULL, 0);
    E(futex, NOWHERE, WAIT, 5, NOWHERE, NULL, 0);
    E(futex, unaligned, WAIT, 5, &wrong, NULL, 0);
    E(futex, word, WAIT, 5, &none, NULL, 0);
    E(futex, word, WAIT, 5, &soon, NULL, 0);
    E(futex, word, WAIT | REAL_TIME, 4, &soon, NULL, 0);
    E(futex, word, WAIT_BITSET, 5, &none, NULL, 0);
    E(futex, word, WAIT_BITSET, 5, &none, NULL, 1);
    E(futex, word, WAIT_BITSET, 4, NULL, NULL, 1);
    E(futex, word, WAIT_BITSET, 4, &wrong, NULL, 0);
    E(futex, word, WAIT_BITSET | REAL_TIME, 5, &nanosecond, NULL, -1);
    E(futex, read_only, WAIT | PRIVATE, 1, NULL, NULL, 0);
    about("waking");
    E(futex, word, WAKE, 1, NULL, NULL, 0);
    E(futex, word, WAKE, 0, NULL, NULL, 0);
    E(futex, word, WAKE, -1, NULL, NULL, 0);
    E(futex, word, WAKE | PRIVATE, 1, NOWHERE, NOWHERE, 0);
    E(futex, unaligned, WAKE, 1, NULL, NULL, 0);
    E(futex, NOWHERE, WAKE, 1, NULL, NULL, 0);
    E(futex, NOWHERE, WAKE | PRIVATE, 1, NULL, NULL, 0);
    E(futex, KERNEL, WAKE | PRIVATE, 1, NULL, NULL, 0);
    E(futex, word, WAKE | REAL_TIME, 1, NULL, NULL, 0);
    E(futex, word, WAKE_BITSET, 1, NULL, NULL, 0);
    E(futex, word, WAKE_BITSET, 1, NULL, NULL, 1);
    about("moving");
    E(futex, word, REQUEUE, 1, 1, word + 1, 0);
    E(futex, word, REQUEUE, -1, 1, word + 1, 0);
    E(futex, word, REQUEUE, 1, -1, word + 1, 0);
    E(futex, word, REQUEUE, 1, 1, unaligned, 0);
    E(futex, word, REQUEUE, 1, 1, NOWHERE, 0);
    E(futex, NOWHERE, REQUEUE, 1, 1, word, 0);
    E(futex, word, REQUEUE, 1, 1, word, 0);
    E(futex, word, CMP_REQUEUE, 1, 1, word + 1, 5);
    E(futex, word, CMP_REQUEUE, 1, 1, word + 1, 4);
    E(futex, word, CMP_REQUEUE, -1, 1, word + 1, 4);
    about("operations that there are not");
    E(futex, word, FD, 0, NULL, NULL, 0);
    E(futex, word, NO_OPERATION, 0, NULL, NULL, 0);
    E(futex, NOWHERE, NO_OPERATION, 0, NULL, NULL, 0);
    E(futex, word, -1, 0, NULL, NULL, 0);
}

int main(void)
{
    begin_edges();
    group("clocks", clocks);
    group("sleeping", sleeping);
    group("futexes", futexes);
    return 0;
}
