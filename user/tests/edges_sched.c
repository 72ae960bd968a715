/* Edges of the calls on how a process is scheduled. As root. */

#include "edges.h"
#include "threads.h"

#include <sched.h>

enum { NEVER = 999999, NO_POLICY = 4, DEADLINE_FLAGS = 0x02 | 0x04 };

static struct sched_param param;
static struct sched_attr attr;
static unsigned char long_attr[8192];
static const struct sched_attr too_small = { .size = 47 };

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

static void set_attr(int policy, int priority, int nice, unsigned long flags)
{
    attr = (struct sched_attr){ .size = 48, .sched_policy = policy, .sched_priority = priority, .sched_nice = nice, .sched_flags = flags };
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
    memset(long_attr, 0, sizeof(long_attr));
    *(unsigned *)long_attr = 4096;
    E(sched_setattr, 0, long_attr, 0);
    *(unsigned *)long_attr = 4097;
    E(sched_setattr, 0, long_attr, 0);
    long_attr[4000] = 1;
    *(unsigned *)long_attr = 4096;
    E(sched_setattr, 0, long_attr, 0);
    E(sched_setattr, 0, &too_small, 0);
    memset(BEFORE_END(64), 0, 64);
    *(unsigned *)BEFORE_END(48) = 48;
    E(sched_setattr, 0, BEFORE_END(48), 0);
    *(unsigned *)BEFORE_END(44) = 48;
    E(sched_setattr, 0, BEFORE_END(44), 0);
    memset(BEFORE_END(60), 0, 60);
    *(unsigned *)BEFORE_END(60) = 61;
    E(sched_setattr, 0, BEFORE_END(60), 0);
    set_size(48);
    attr.sched_policy = -1;
    E(sched_setattr, 0, &attr, 0);
    E(sched_setattr, NEVER, &attr, 0);
    attr.sched_flags = SCHED_FLAG_KEEP_POLICY;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_flags = 0;
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
    set_attr(SCHED_DEADLINE, 0, 0, 0);
    attr.sched_runtime = 2000000;
    attr.sched_deadline = 20000000;
    E(sched_setattr, 0, &attr, 0);
    attr.sched_policy = SCHED_OTHER;
    attr.sched_flags = SCHED_FLAG_KEEP_POLICY;
    attr.sched_runtime = 3000000;
    E(sched_setattr, 0, &attr, 0);
    E(sched_getattr, 0, &attr, 48, 0);
    V(attr.sched_policy);
    V(attr.sched_runtime);
    V(attr.sched_deadline);
    about("nice values that are not meant");
    set_attr(SCHED_FIFO, 5, 7, 0);
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
    set_attr(SCHED_IDLE, 0, 7, 0);
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
    set_attr(SCHED_BATCH, 0, 7, 0);
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
}

static void sets_its_own(struct thread *t)
{
    t->argument = CALL(sched_setattr, 0, &attr, 0);
}

/* A process has the nice value of its first thread. */
static void of_one_thread(void)
{
    static struct thread second;
    set_attr(SCHED_OTHER, 0, 7, 0);
    start(&second, sets_its_own, 1);
    join(&second);
    V(second.argument);
    E(getpriority, PRIO_PROCESS, 0);
    E(sched_setattr, 0, &attr, 0);
    E(getpriority, PRIO_PROCESS, 0);
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

/* --- whose they are ----------------------------------------------------------------------------------------------------------------- */

static uid_t mine, hers;
static pid_t other;
static int waits[2]; /* nobody writes: who reads is woken when all others have gone */

/* A process that acts for these users, in the group of `leader`, 0: its own, and waits. */
static void other_begins(pid_t leader, uid_t real, uid_t effective)
{
    int ready[2];
    char byte;
    pipe(ready);
    pipe(waits);
    other = split();
    if (other == 0) {
        close(waits[1]);
        setpgid(0, leader);
        CALL(setresuid, real, effective, effective);
        write(ready[1], "", 1);
        read(waits[0], &byte, 1);
        done(0);
    }
    close(waits[0]);
    read(ready[0], &byte, 1);
    close(ready[0]);
    close(ready[1]);
}

static void other_ends(void)
{
    close(waits[1]);
    wait_for(other);
}

static void be(uid_t real, uid_t effective)
{
    CALL(setgroups, 0, NULL);
    CALL(setresuid, real, effective, effective);
}

static void several(void)
{
    setpgid(0, 0);
    other_begins(getpgrp(), mine, mine);
    E(setpriority, PRIO_PROCESS, 0, 9);
    E(setpriority, PRIO_PROCESS, other, 15);
    E(getpriority, PRIO_PGRP, 0);
    CALL(setpriority, PRIO_PROCESS, other, 3);
    E(getpriority, PRIO_PGRP, 0);
    E(setpriority, PRIO_PGRP, getpgrp(), 4);
    E(getpriority, PRIO_PROCESS, other);
    E(getpriority, PRIO_PROCESS, 0);
    E(setpriority, PRIO_PGRP, other, 5);
    other_ends();
}

/* Root's is made later; and then, in a group that it leads, before. */
static void mixed(void)
{
    setpgid(0, 0);
    other_begins(getpgrp(), 0, 0);
    be(mine, mine);
    E(setpriority, PRIO_PGRP, 0, 5);
    E(getpriority, PRIO_PROCESS, 0);
    E(getpriority, PRIO_PROCESS, other);
    other_ends();
}

static void mixed_later(void)
{
    setpgid(0, 0);
    pid_t pid = split();
    if (pid == 0) {
        be(mine, mine);
        E(setpriority, PRIO_PGRP, 0, 5);
        E(getpriority, PRIO_PROCESS, 0);
        E(getpriority, PRIO_PROCESS, getppid());
        done(0);
    }
    wait_for(pid);
}

static void users(void)
{
    be(mine, hers);
    E(getpriority, PRIO_USER, mine);
    E(getpriority, PRIO_USER, hers);
    E(getpriority, PRIO_USER, 0);
    E(setpriority, PRIO_USER, mine, 3);
    E(setpriority, PRIO_USER, 0, 4);
    E(getpriority, PRIO_PROCESS, 0);
}

/* Whether `hers` may say how another process is scheduled, that acts for these users. */
static void on_another(uid_t real, uid_t effective)
{
    struct sched_param zero = { 0 };
    unsigned long all = -1;
    other_begins(0, real, effective);
    pid_t pid = split();
    if (pid == 0) {
        be(mine, hers);
        E(setpriority, PRIO_PROCESS, other, 3);
        E(setpriority, PRIO_PROCESS, other, 2);
        E(sched_setscheduler, other, SCHED_BATCH, &zero);
        E(sched_setaffinity, other, 8, &all);
        done(0);
    }
    wait_for(pid);
    other_ends();
}

static void as_user(void)
{
    struct sched_param zero = { 0 }, hundred = { 100 };
    be(mine, mine);
    E(sched_setscheduler, 0, NO_POLICY, &zero);
    E(sched_setscheduler, 0, SCHED_FIFO, &hundred);
    set_attr(SCHED_DEADLINE, 0, 0, 0);
    E(sched_setattr, 0, &attr, 0);
    E(setpriority, PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0));
    about("reset on fork");
    E(sched_setscheduler, 0, SCHED_OTHER | SCHED_RESET_ON_FORK, &zero);
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    E(sched_setscheduler, 0, SCHED_BATCH | SCHED_RESET_ON_FORK, &zero);
    E(sched_setparam, 0, &zero);
    set_attr(SCHED_BATCH, 0, 0, SCHED_FLAG_KEEP_PARAMS);
    E(sched_setattr, 0, &attr, 0);
    E(sched_getscheduler, 0);
}

/* Root, with fewer capabilities, of a process with all: with CAP_SYS_NICE alone; with none that counts now; with none. */
static void with_some(void)
{
    enum { VERSION_3 = 0x20080522, NICE = 1 << 23 };
    struct { unsigned version, pid; } header = { VERSION_3, 0 };
    struct { unsigned effective, permitted, inheritable; } all[2], some[2] = { { NICE, NICE, 0 } }, none[2] = { { 0 } };
    CALL(capget, &header, all);
    all[0].effective = all[1].effective = 0;
    other_begins(0, 0, 0);
    for (int i = 0; i < 3; i++) {
        pid_t pid = split();
        if (pid == 0) {
            E(capset, &header, i == 0 ? some : i == 1 ? all : none);
            E(setpriority, PRIO_PROCESS, other, 3 + i);
            done(0);
        }
        wait_for(pid);
    }
    other_ends();
}

static void whose(void)
{
    about("several");
    child(several);
    about("of two users");
    child(mixed);
    child(mixed_later);
    about("by user");
    child(users);
    about("the same real user");
    on_another(hers, mine);
    about("the same effective user");
    on_another(mine, hers);
    about("neither");
    on_another(mine, mine);
    about("with more capabilities");
    on_another(0, hers);
    on_another(hers, 0);
    child(with_some);
    about("as a user");
    child(as_user);
}

int main(void)
{
    begin_edges();
    if (getuid())
        return 0;
    mine = 100000 + 2 * getpid(); /* nobody else's on this machine */
    hers = mine + 1;
    group("priorities", priorities);
    group("policies", policies);
    group("attributes", attributes);
    group("of one thread", of_one_thread);
    group("masks", masks);
    group("whose", whose);
    return 0;
}
