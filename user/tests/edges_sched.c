/* Edges of the calls on how a process is scheduled. As root. */

#include "edges.h"

#include <sched.h>

enum { NEVER = 999999, NO_POLICY = 4, DEADLINE_FLAGS = 0x02 | 0x04 };

static struct sched_param param;
static struct sched_attr attr;
static unsigned char long_attr[8192];

static void priorities(void)
{
    E(getpriority, 3, 0);
    E(getpriority, -1, 0);
    E(getpriority, PRIO_PROCESS, NEVER);
    E(getpriority, PRIO_PROCESS, -1);
    E(getpriority, PRIO_PGRP, NEVER);
    E(getpriority, PRIO_USER, 54321);
    E(getpriority, PRIO_PROCESS, 0);
    E(getpriority, PRIO_PROCESS, getpid());
    E(setpriority, 3, 0, 0);
    E(setpriority, -1, NEVER, 0);
    E(setpriority, PRIO_PROCESS, NEVER, 0);
    E(setpriority, PRIO_PGRP, NEVER, 0);
    E(setpriority, PRIO_USER, 54321, 0);
    E(setpriority, PRIO_PROCESS, 0, 100);
    E(getpriority, PRIO_PROCESS, 0);
    E(setpriority, PRIO_PROCESS, 0, -100);
    E(getpriority, PRIO_PROCESS, 0);
    E(setpriority, PRIO_PROCESS, getpid(), 7);
    E(getpriority, PRIO_PROCESS, 0);
    E(setpgid, 0, 0);
    E(setpriority, PRIO_PGRP, 0, 9);
    E(getpriority, PRIO_PGRP, getpid());
    E(getpriority, PRIO_PGRP, 0);
}

static void policies(void)
{
    E(sched_get_priority_max, SCHED_OTHER);
    E(sched_get_priority_max, SCHED_FIFO);
    E(sched_get_priority_max, SCHED_RR);
    E(sched_get_priority_max, SCHED_BATCH);
    E(sched_get_priority_max, NO_POLICY);
    E(sched_get_priority_max, SCHED_IDLE);
    E(sched_get_priority_max, SCHED_DEADLINE);
    E(sched_get_priority_max, 99);
    E(sched_get_priority_max, -1);
    E(sched_get_priority_min, SCHED_OTHER);
    E(sched_get_priority_min, SCHED_FIFO);
    E(sched_get_priority_min, SCHED_RR);
    E(sched_get_priority_min, SCHED_DEADLINE);
    E(sched_get_priority_min, NO_POLICY);
    E(sched_get_priority_min, SCHED_FIFO | SCHED_RESET_ON_FORK);
    about("asking");
    E(sched_getscheduler, 0);
    E(sched_getscheduler, getpid());
    E(sched_getscheduler, NEVER);
    E(sched_getscheduler, -1);
    E(sched_getparam, 0, &param);
    V(param.sched_priority);
    E(sched_getparam, 0, NULL);
    E(sched_getparam, 0, NOWHERE);
    E(sched_getparam, NEVER, &param);
    E(sched_getparam, NEVER, NULL);
    E(sched_getparam, NEVER, NOWHERE);
    E(sched_getparam, -1, &param);
    E(sched_rr_get_interval, NEVER, buffer);
    E(sched_rr_get_interval, -1, buffer);
    E(sched_rr_get_interval, 0, NOWHERE);
    E(sched_rr_get_interval, 0, NULL);
    E(sched_rr_get_interval, NEVER, NOWHERE);
    about("changing");
    param.sched_priority = 0;
    E(sched_setscheduler, 0, SCHED_OTHER, NULL);
    E(sched_setscheduler, 0, SCHED_OTHER, NOWHERE);
    E(sched_setscheduler, NEVER, SCHED_OTHER, NULL);
    E(sched_setscheduler, NEVER, SCHED_OTHER, NOWHERE);
    E(sched_setscheduler, NEVER, SCHED_OTHER, &param);
    E(sched_setscheduler, NEVER, NO_POLICY, &param);
    E(sched_setscheduler, -1, SCHED_OTHER, &param);
    E(sched_setscheduler, 0, -1, &param);
    E(sched_setscheduler, 0, -1, NOWHERE);
    E(sched_setscheduler, 0, NO_POLICY, &param);
    E(sched_setscheduler, 0, 99, &param);
    E(sched_setscheduler, 0, SCHED_DEADLINE, &param);
    E(sched_setscheduler, 0, SCHED_FIFO, &param);
    E(sched_setscheduler, 0, SCHED_OTHER | 0x20000000, &param);
    E(sched_setscheduler, 0, SCHED_OTHER | SCHED_RESET_ON_FORK, &param);
    E(sched_getscheduler, 0);
    E(sched_setscheduler, 0, SCHED_BATCH, &param);
    E(sched_getscheduler, 0);
    E(sched_setscheduler, 0, SCHED_IDLE, &param);
    E(sched_getscheduler, 0);
    param.sched_priority = 1;
    E(sched_setscheduler, 0, SCHED_IDLE, &param);
    E(sched_setscheduler, 0, SCHED_OTHER, &param);
    param.sched_priority = 100;
    E(sched_setscheduler, 0, SCHED_RR, &param);
    param.sched_priority = -1;
    E(sched_setscheduler, 0, SCHED_RR, &param);
    E(sched_setparam, 0, &param);
    E(sched_setparam, 0, NULL);
    E(sched_setparam, 0, NOWHERE);
    E(sched_setparam, NEVER, NULL);
    E(sched_setparam, NEVER, &param);
    E(sched_setparam, -1, &param);
    param.sched_priority = 1;
    E(sched_setparam, 0, &param);
    E(sched_setscheduler, 0, SCHED_RR, &param);
    E(sched_getscheduler, 0);
    E(sched_rr_get_interval, 0, buffer);
    V(*(long *)buffer);
    V(*(long *)(buffer + 8));
    param.sched_priority = 0;
    E(sched_setparam, 0, &param);
    param.sched_priority = 99;
    E(sched_setparam, 0, &param);
    param.sched_priority = 0;
    E(sched_getparam, 0, &param);
    V(param.sched_priority);
    param.sched_priority = 0;
    E(sched_setscheduler, 0, SCHED_OTHER, &param);
}

static void set_size(unsigned size)
{
    attr.size = size;
}

static void attributes(void)
{
    E(sched_getattr, 0, NULL, 48, 0);
    E(sched_getattr, 0, NOWHERE, 48, 0);
    E(sched_getattr, 0, &attr, 47, 0);
    E(sched_getattr, 0, &attr, 0, 0);
    E(sched_getattr, 0, &attr, 4097, 0);
    E(sched_getattr, 0, NOWHERE, 47, 0);
    E(sched_getattr, 0, &attr, 48, 1);
    E(sched_getattr, -1, &attr, 48, 0);
    E(sched_getattr, NEVER, &attr, 48, 0);
    E(sched_getattr, NEVER, NULL, 48, 0);
    E(sched_getattr, NEVER, &attr, 47, 0);
    E(sched_getattr, 0, &attr, 48, 0);
    V(attr.size);
    V(attr.sched_policy);
    V(attr.sched_nice);
    E(sched_getattr, 0, long_attr, 4096, 0);
    V(*(unsigned *)long_attr <= 56);
    about("setting");
    memset(&attr, 0, sizeof(attr));
    E(sched_setattr, 0, NULL, 0);
    E(sched_setattr, 0, NOWHERE, 0);
    E(sched_setattr, -1, &attr, 0);
    E(sched_setattr, NEVER, &attr, 0);
    E(sched_setattr, NEVER, NOWHERE, 0);
    E(sched_setattr, 0, &attr, 1);
    E(sched_setattr, 0, NOWHERE, 1);
    set_size(47);
    E(sched_setattr, 0, &attr, 0);
    V(attr.size >= 48);
    set_size(4097);
    E(sched_setattr, 0, &attr, 0);
    set_size(0);
    E(sched_setattr, 0, &attr, 0);
    *(unsigned *)long_attr = 4096;
    memset(long_attr + 4, 0, 4092);
    E(sched_setattr, 0, long_attr, 0);
    long_attr[4000] = 1;
    *(unsigned *)long_attr = 4096;
    E(sched_setattr, 0, long_attr, 0);
    set_size(48);
    attr.sched_policy = -1;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_policy = NO_POLICY;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_policy = SCHED_OTHER;
    attr.sched_flags = 1l << 40;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_flags = 0;
    attr.sched_nice = 100;
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
    attr.sched_nice = 0;
    attr.sched_priority = 1;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_priority = 0;
    E(sched_setattr, 0, &attr, 0);
    about("deadlines");
    attr.sched_policy = SCHED_DEADLINE;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_runtime = 1000000;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_deadline = 500000;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_deadline = 10000000;
    attr.sched_period = 5000000;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_period = 0;
    attr.sched_runtime = 1023;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_runtime = 1000000;
    attr.sched_priority = 1;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_priority = 0;
    attr.sched_deadline = 1ul << 63;
    E(sched_setattr, 0, &attr, 0);
}

static void masks(void)
{
    unsigned long mask[64] = { 0 }, got[64];
    E(sched_getaffinity, 0, 0, got);
    E(sched_getaffinity, 0, 1, got);
    E(sched_getaffinity, 0, 9, got);
    E(sched_getaffinity, 0, 7, NOWHERE);
    E(sched_getaffinity, NEVER, 7, got);
    E(sched_getaffinity, NEVER, 128, got);
    E(sched_getaffinity, -1, 128, got);
    E(sched_getaffinity, 0, 128, NOWHERE);
    OK(sched_getaffinity, 0, 128, got);
    unsigned long first = got[0] & -got[0];
    E(sched_setaffinity, 0, 0, mask);
    E(sched_setaffinity, 0, 8, mask);
    E(sched_setaffinity, 0, 512, mask);
    E(sched_setaffinity, 0, 8, NOWHERE);
    E(sched_setaffinity, 0, 0, NOWHERE);
    E(sched_setaffinity, 0, 8, NULL);
    E(sched_setaffinity, NEVER, 8, mask);
    E(sched_setaffinity, NEVER, 8, NOWHERE);
    E(sched_setaffinity, -1, 8, mask);
    mask[63] = 1ul << 63;
    E(sched_setaffinity, 0, 512, mask);
    mask[0] = -1;
    E(sched_setaffinity, 0, 8, mask);
    E(sched_setaffinity, 0, 1, mask);
    mask[0] = first;
    E(sched_setaffinity, 0, 8, mask);
    OK(sched_getaffinity, 0, 128, got);
    V(got[0] == first);
    unsigned cpu = 77;
    E(getcpu, &cpu, NULL, NULL);
    V(1ul << cpu == first);
    E(sched_yield);
}

int main(void)
{
    begin_edges();
    if (getuid())
        return 0;
    group("priorities", priorities);
    group("policies", policies);
    group("attributes", attributes);
    group("masks", masks);
    return 0;
}
