/* How far a user may go with RLIMIT_RTPRIO 10 and RLIMIT_NICE 25, that is nice -5; and slices. What is expected stands in the test: on some
 * Linux machines root may not raise limits, and slices are told in another way from version to version. */

#include "edges.h"

#include <sched.h>

enum { NOBODY = 65534 };

static struct sched_attr attr;

static void be_nobody(void)
{
    CALL(setgroups, 0, NULL);
    CALL(setresuid, NOBODY, NOBODY, NOBODY);
}

static void set_attr(int policy, int priority, int nice)
{
    attr = (struct sched_attr){ .size = 48, .sched_policy = policy, .sched_priority = priority, .sched_nice = nice };
}

static void real_time(void)
{
    struct sched_param five = { 5 }, nine = { 9 }, ten = { 10 }, eleven = { 11 }, zero = { 0 };
    struct rlimit none = { 0, 0 };
    be_nobody();
    E(sched_setscheduler, 0, SCHED_FIFO, &eleven);
    E(sched_setscheduler, 0, SCHED_FIFO, &ten);
    E(sched_setscheduler, 0, SCHED_RR, &ten);
    E(sched_setparam, 0, &eleven);
    E(sched_setparam, 0, &five);
    E(sched_setparam, 0, &ten);
    set_attr(SCHED_FIFO, 5, -20);
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
    CALL(sched_setparam, 0, &ten);
    E(setrlimit, RLIMIT_RTPRIO, &none);
    E(sched_setscheduler, 0, SCHED_FIFO, &ten);
    E(sched_setscheduler, 0, SCHED_FIFO, &nine);
    E(sched_setscheduler, 0, SCHED_RR, &nine);
    E(sched_setparam, 0, &ten);
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    E(sched_setscheduler, 0, SCHED_FIFO, &five);
}

static void nice_values(void)
{
    struct sched_param zero = { 0 };
    struct rlimit five = { 15, 15 };
    be_nobody();
    E(setpriority, PRIO_PROCESS, 0, -6);
    E(setpriority, PRIO_PROCESS, 0, -5);
    E(setpriority, PRIO_PROCESS, 0, 3);
    set_attr(SCHED_OTHER, 0, -6);
    E(sched_setattr, 0, &attr, 0);
    set_attr(SCHED_OTHER, 0, -5);
    E(sched_setattr, 0, &attr, 0);
    E(sched_setscheduler, 0, SCHED_IDLE, &zero);
    E(sched_setscheduler, 0, SCHED_BATCH, &zero);
    set_attr(SCHED_IDLE, 0, 12);
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
    E(setrlimit, RLIMIT_NICE, &five);
    E(setpriority, PRIO_PROCESS, 0, -5);
    E(sched_setscheduler, 0, SCHED_IDLE, &zero);
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    set_attr(SCHED_OTHER, 0, 12);
    E(sched_setattr, 0, &attr, 0);
    E(setpriority, PRIO_PROCESS, 0, 5);
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    E(setpriority, PRIO_PROCESS, 0, 4);
}

/* The limits that count are those of the process that is changed. */
static void others(void)
{
    struct sched_param ten = { 10 };
    struct rlimit none = { 0, 0 };
    int waits[2];
    char byte;
    be_nobody();
    pipe(waits);
    pid_t other = split();
    if (other == 0) {
        close(waits[1]);
        read(waits[0], &byte, 1); /* until the other end is closed */
        done(0);
    }
    setrlimit(RLIMIT_NICE, &none);
    setrlimit(RLIMIT_RTPRIO, &none);
    E(setpriority, PRIO_PROCESS, other, -5);
    E(setpriority, PRIO_PROCESS, other, -6);
    E(setpriority, PRIO_PROCESS, 0, -1);
    E(sched_setscheduler, other, SCHED_FIFO, &ten);
    E(sched_setscheduler, 0, SCHED_FIFO, &ten);
    close(waits[1]);
    wait_for(other);
}

static void tell_slice(void)
{
    struct timespec interval = { 9, 9 };
    CALL(sched_getattr, 0, &attr, sizeof(attr), 0);
    CALL(sched_rr_get_interval, 0, &interval);
    V(attr.sched_runtime);
    V(interval.tv_sec * 1000000000 + interval.tv_nsec);
}

static void with_slice(int policy, int priority)
{
    set_attr(policy, priority, 0);
    attr.sched_runtime = 7000000;
    E(sched_setattr, 0, &attr, 0);
    tell_slice();
}

static void slices(void)
{
    struct sched_param zero = { 0 };
    tell_slice();
    with_slice(SCHED_OTHER, 0);
    E(sched_setscheduler, 0, SCHED_BATCH, &zero);
    tell_slice();
    with_slice(SCHED_IDLE, 0);
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    tell_slice();
    with_slice(SCHED_FIFO, 5);
    set_attr(SCHED_DEADLINE, 0, 0);
    attr.sched_runtime = 7000000;
    attr.sched_deadline = 20000000;
    E(sched_setattr, 0, &attr, 0);
    tell_slice();
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    tell_slice();
}

int main(void)
{
    begin_edges();
    setrlimit(RLIMIT_RTPRIO, &(struct rlimit){ 10, 10 });
    setrlimit(RLIMIT_NICE, &(struct rlimit){ 25, 25 });
    group("real-time priorities", real_time);
    group("nice values", nice_values);
    group("of others", others);
    group("slices", slices);
    return 0;
}
