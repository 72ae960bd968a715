/* How a process is scheduled: policies and numbers, which are refused and how, who may set whose, what a child has. Nothing here depends on
 * who else runs. */

#include "show.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define NOBODY 4000000 /* a process that there is not */
#define MS 1000000ul

/* With room behind it. */
struct attributes {
    unsigned size, policy;
    unsigned long flags;
    int nice;
    unsigned priority;
    unsigned long runtime, deadline, period, hints, more;
};
#define SIZE 56u

static long set(pid_t pid, int policy, int priority)
{
    struct sched_param param = { .sched_priority = priority };
    return syscall(SYS_sched_setscheduler, pid, policy, &param);
}

static long set_attributes(struct attributes attr)
{
    attr.size = attr.size ? attr.size : SIZE;
    return syscall(SYS_sched_setattr, 0, &attr, 0);
}

static void tell(const char *when)
{
    struct attributes attr = { 0 };
    long result = syscall(SYS_sched_getattr, 0, &attr, SIZE, 0);
    printf("%s: %ld, policy %u, flags %lu, nice %d, priority %u, getscheduler %ld, nice value %d\n", when, result, attr.policy, attr.flags,
           attr.nice, attr.priority, syscall(SYS_sched_getscheduler, 0), getpriority(PRIO_PROCESS, 0));
    if (attr.policy == SCHED_DEADLINE)
        printf("    runtime %lu, deadline %lu, period %lu\n", attr.runtime, attr.deadline, attr.period);
}

static void tell_child(void *unused)
{
    (void)unused;
    tell("a child");
}

static void refused(void)
{
    char bytes[128] = { 0 };
    show_call("policy 4", set(0, 4, 0));
    show_call("policy 7", set(0, 7, 0));
    show_call("policy -1", set(0, -1, 0));
    show_call("FIFO with priority 0", set(0, SCHED_FIFO, 0));
    show_call("FIFO with priority 100", set(0, SCHED_FIFO, 100));
    show_call("FIFO with priority -1", set(0, SCHED_FIFO, -1));
    show_call("OTHER with priority 1", set(0, SCHED_OTHER, 1));
    show_call("IDLE with priority 1", set(0, SCHED_IDLE, 1));
    show_call("DEADLINE without numbers", set(0, SCHED_DEADLINE, 0));
    show_call("nobody", set(NOBODY, SCHED_OTHER, 0));
    show_call("nobody, with policy 4", set(NOBODY, 4, 0));
    show_call("nobody, with priority 100", set(NOBODY, SCHED_FIFO, 100));
    show_call("nobody, with policy -1", set(NOBODY, -1, 0));
    struct attributes unknown = { .size = SIZE, .flags = 1ul << 40 };
    show_call("nobody, with a flag that nobody knows", syscall(SYS_sched_setattr, NOBODY, &unknown, 0));
    show_call("a flag that nobody knows", set_attributes(unknown));
    show_call("process -1", set(-1, SCHED_OTHER, 0));
    show_call("no parameters", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 0));
    show_call("parameters nowhere", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 8));
    show_call("getparam to nowhere", syscall(SYS_sched_getparam, 0, 8));
    show_call("getparam without", syscall(SYS_sched_getparam, 0, 0));
    show_call("getattr into 40 bytes", syscall(SYS_sched_getattr, 0, bytes, 40, 0));
    show_call("getattr with flags", syscall(SYS_sched_getattr, 0, bytes, SIZE, 1));
    show_call("getattr of nobody", syscall(SYS_sched_getattr, NOBODY, bytes, SIZE, 0));
    show_call("setattr with flags", syscall(SYS_sched_setattr, 0, bytes, 1));
    show_call("setattr of 40 bytes", set_attributes((struct attributes){ .size = 40 }));
    show_call("setattr of 64 bytes", set_attributes((struct attributes){ .size = 64 }));
    show_call("setattr of 64 bytes that say something", set_attributes((struct attributes){ .size = 64, .more = 1 }));
    show_call("setattr of 48 bytes", set_attributes((struct attributes){ .size = 48 }));
    show_call("unknown flag", set_attributes((struct attributes){ .flags = 1ul << 40 }));
}

static struct attributes deadline(unsigned long runtime, unsigned long at, unsigned long period)
{
    return (struct attributes){ .policy = SCHED_DEADLINE, .runtime = runtime, .deadline = at, .period = period };
}

static void deadlines(void)
{
    show_call("runtime 0", set_attributes(deadline(0, 10 * MS, 10 * MS)));
    show_call("runtime 1023 ns", set_attributes(deadline(1023, 10 * MS, 10 * MS)));
    show_call("runtime above the deadline", set_attributes(deadline(11 * MS, 10 * MS, 20 * MS)));
    show_call("deadline above the period", set_attributes(deadline(MS, 30 * MS, 20 * MS)));
    show_call("no deadline", set_attributes(deadline(MS, 0, 20 * MS)));
    show_call("the top bit", set_attributes(deadline(MS, 10 * MS, 1ul << 63)));
    show_call("2 of 20 ms", set_attributes(deadline(2 * MS, 20 * MS, 0)));
    tell("then");
    show_call("fork", fork());
    show_call("3 of 20 in 30 ms", set_attributes(deadline(3 * MS, 20 * MS, 30 * MS)));
    tell("then");
    struct attributes attr = deadline(MS, 20 * MS, 20 * MS);
    attr.flags = SCHED_FLAG_RESET_ON_FORK;
    show_call("reset on fork", set_attributes(attr));
    show_child("it", tell_child, NULL);
    show_call("back", set(0, SCHED_OTHER, 0));
    tell("then");
}

static void intervals(void)
{
    struct timespec time = { 9, 9 };
    show_call("RR 5", set(0, SCHED_RR, 5));
    show_call("its interval", syscall(SYS_sched_rr_get_interval, 0, &time));
    show("ns", time.tv_sec * 1000000000 + time.tv_nsec);
    show_call("FIFO 5", set(0, SCHED_FIFO, 5));
    show_call("its interval", syscall(SYS_sched_rr_get_interval, 0, &time));
    show("ns", time.tv_sec * 1000000000 + time.tv_nsec);
    show_call("interval of -1", syscall(SYS_sched_rr_get_interval, -1, &time));
    show_call("interval of nobody", syscall(SYS_sched_rr_get_interval, NOBODY, &time));
    show_call("interval to nowhere", syscall(SYS_sched_rr_get_interval, 0, 8));
    struct sched_param param = { .sched_priority = 7 };
    show_call("priority 7", syscall(SYS_sched_setparam, 0, &param));
    tell("then");
    param.sched_priority = 0;
    show_call("priority 0", syscall(SYS_sched_setparam, 0, &param));
}

static void changes(void)
{
    static const struct {
        const char *name;
        int policy, priority;
    } step[] = {
        { "BATCH", SCHED_BATCH, 0 }, { "IDLE", SCHED_IDLE, 0 }, { "FIFO 99", SCHED_FIFO, 99 }, { "RR 1", SCHED_RR, 1 },
        { "OTHER", SCHED_OTHER, 0 }, { "FIFO 1 with reset", SCHED_FIFO | SCHED_RESET_ON_FORK, 1 }, { "OTHER", SCHED_OTHER, 0 },
    };
    show_call("nice 5", setpriority(PRIO_PROCESS, 0, 5));
    for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
        show_call(step[i].name, set(0, step[i].policy, step[i].priority));
        tell("then");
        show_child("it", tell_child, NULL);
    }
    show_call("nice -3 by attributes", set_attributes((struct attributes){ .nice = -3 }));
    tell("then");
    show_call("nice -300 by attributes", set_attributes((struct attributes){ .nice = -300 }));
    tell("then");
    show_call("reset on fork", set_attributes((struct attributes){ .nice = -7, .flags = SCHED_FLAG_RESET_ON_FORK }));
    show_child("it", tell_child, NULL);
    show_call("the policy stays", set_attributes((struct attributes){ .policy = 1, .nice = 4, .flags = SCHED_FLAG_KEEP_POLICY }));
    tell("then");
    show_call("the numbers stay", set_attributes((struct attributes){ .policy = SCHED_BATCH, .nice = 9, .flags = SCHED_FLAG_KEEP_PARAMS }));
    tell("then");
    show_call("OTHER", set(0, SCHED_OTHER, 0));
    show_call("nice 0", setpriority(PRIO_PROCESS, 0, 0));
}

static void as_user(void *unused)
{
    (void)unused;
    struct rlimit none = { 0, 0 };
    show_call("no RT", setrlimit(RLIMIT_RTPRIO, &none));
    show_call("no better nice value", setrlimit(RLIMIT_NICE, &none));
    show_call("setuid", setuid(65534));
    show_call("BATCH", set(0, SCHED_BATCH, 0));
    show_call("FIFO", set(0, SCHED_FIFO, 1));
    show_call("2 of 20 ms", set_attributes(deadline(2 * MS, 20 * MS, 0)));
    show_call("root's", set(getppid(), SCHED_BATCH, 0));
    show_call("nice -1", set_attributes((struct attributes){ .nice = -1 }));
    show_call("nice 3", set_attributes((struct attributes){ .nice = 3 }));
    show_call("nice 1", set_attributes((struct attributes){ .nice = 1 }));
    show_call("IDLE", set(0, SCHED_IDLE, 0));
    show_call("OTHER", set(0, SCHED_OTHER, 0));
    show_call("with reset", set(0, SCHED_OTHER | SCHED_RESET_ON_FORK, 0));
    show_call("without", set(0, SCHED_OTHER, 0));
}

int main(void)
{
    begin();
    tell("at first");
    refused();
    changes();
    intervals();
    show_call("OTHER", set(0, SCHED_OTHER, 0));
    deadlines();
    show_child("a user", as_user, NULL);
    return 0;
}
