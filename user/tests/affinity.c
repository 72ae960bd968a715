/* Which CPUs a process may run on: masks of any length, who may set whose, what a child has. Nothing here depends on how many CPUs there
 * are. */

#include "show.h"

#include <sched.h>
#include <sys/syscall.h>

#define ABSENT 1000    /* a CPU that no machine here has */
#define NOBODY 4000000 /* a process that there is not */

static cpu_set_t all;

static int first_of(const cpu_set_t *set)
{
    int cpu = 0;
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, set))
        cpu++;
    return cpu;
}

static cpu_set_t only(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return set;
}

/* Whether the process may run there and nowhere else. */
static int is_only(pid_t pid, int cpu)
{
    cpu_set_t set, expected = only(cpu);
    return sched_getaffinity(pid, sizeof(set), &set) == 0 && memcmp(&set, &expected, sizeof(set)) == 0;
}

static void as_user(int first)
{
    cpu_set_t set = only(first);
    show_call("setuid", setuid(65534));
    show_true("a user sees where root's process may run", is_only(getppid(), first));
    show_call("and sets it", sched_setaffinity(getppid(), sizeof(set), &set));
    show_call("and sets its own", sched_setaffinity(0, sizeof(set), &set));
    done(0);
}

int main(void)
{
    char bytes[sizeof(cpu_set_t)];
    show_ok("where this may run", sched_getaffinity(0, sizeof(all), &all));
    int first = first_of(&all);
    show_true("on some CPU", CPU_COUNT(&all) > 0);
    show_call("into 4 bytes", syscall(SYS_sched_getaffinity, 0, 4, bytes));
    show_call("into 12 bytes", syscall(SYS_sched_getaffinity, 0, 12, bytes));
    show_call("into no bytes", syscall(SYS_sched_getaffinity, 0, 0, bytes));
    show_call("to nowhere", syscall(SYS_sched_getaffinity, 0, sizeof(all), 8));
    show_call("of nobody", sched_getaffinity(NOBODY, sizeof(all), &all));
    show_call("of -1", sched_getaffinity(-1, sizeof(all), &all));

    cpu_set_t set = only(first);
    show_call("the first of these alone", sched_setaffinity(0, sizeof(set), &set));
    show_true("that is where it may run", is_only(0, first));
    show_true("and where it runs", sched_getcpu() == first);
    show_call("getcpu, into nothing", syscall(SYS_getcpu, NULL, NULL));
    show_call("getcpu, to nowhere", syscall(SYS_getcpu, 8, NULL));

    CPU_SET(ABSENT, &set);
    show_call("it and one that is absent", sched_setaffinity(0, sizeof(set), &set));
    show_true("only it counts", is_only(0, first));
    set = only(ABSENT);
    show_call("one that is absent alone", sched_setaffinity(0, sizeof(set), &set));
    CPU_ZERO(&set);
    show_call("none", sched_setaffinity(0, sizeof(set), &set));
    show_call("of no bytes", syscall(SYS_sched_setaffinity, 0, 0, &set));
    show_call("from nowhere", syscall(SYS_sched_setaffinity, 0, sizeof(set), 8));
    show_true("nothing has changed by that", is_only(0, first));
    set = only(first);
    show_call("as few bytes as it takes", syscall(SYS_sched_setaffinity, 0, first / 8 + 1, &set));
    show_call("nobody's", sched_setaffinity(NOBODY, sizeof(set), &set));
    show_call("-1's", sched_setaffinity(-1, sizeof(set), &set));

    pid_t pid = split();
    if (pid == 0)
        done(!is_only(0, first));
    show_status("a child has its parent's", wait_for(pid));
    pid = split();
    if (pid == 0)
        as_user(first);
    wait_for(pid);
    show_call("all again", sched_setaffinity(0, sizeof(all), &all));
    show_ok("and they are", sched_getaffinity(0, sizeof(set), &set));
    show_true("the same", memcmp(&set, &all, sizeof(all)) == 0);
    return 0;
}
