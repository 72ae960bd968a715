/* chrt [POLICY] [-R] PRIORITY COMMAND..., chrt [POLICY] [-a] -p [PRIORITY] PID, chrt -m: runs a command under a policy, or tells, and
 * changes, a process's, with -a that of each of its threads. POLICY: -f (FIFO), -r (RR, the default), -o (OTHER), -b (BATCH), -i (IDLE),
 * -d (DEADLINE, with -T RUNTIME, -D DEADLINE and -P PERIOD, ns). PRIORITY is 1 to 99 for FIFO and RR, else 0. -R: what it starts has the
 * default policy again. */

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    char letter;
    int policy;
    const char *name;
} policies[] = {
    { 'o', SCHED_OTHER, "SCHED_OTHER" }, { 'f', SCHED_FIFO, "SCHED_FIFO" }, { 'r', SCHED_RR, "SCHED_RR" },
    { 'b', SCHED_BATCH, "SCHED_BATCH" }, { 'i', SCHED_IDLE, "SCHED_IDLE" }, { 'd', SCHED_DEADLINE, "SCHED_DEADLINE" },
};
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static const char *name_of(int policy)
{
    for (size_t i = 0; i < POLICIES; i++)
        if (policies[i].policy == policy)
            return policies[i].name;
    return "unknown";
}

static struct sched_attr wanted = { .size = sizeof(wanted), .sched_policy = SCHED_RR };

static int tell(int pid)
{
    struct sched_attr attr;
    if (sched_getattr(pid, &attr, sizeof(attr), 0) < 0)
        return fprintf(stderr, "chrt: pid %d: %s\n", pid, strerror(errno)), 1;
    printf("pid %d's current scheduling policy: %s%s\n", pid, name_of(attr.sched_policy),
           attr.sched_flags & SCHED_FLAG_RESET_ON_FORK ? "|SCHED_RESET_ON_FORK" : "");
    printf("pid %d's current scheduling priority: %u\n", pid, attr.sched_priority);
    if (attr.sched_policy == SCHED_DEADLINE)
        printf("pid %d's current runtime/deadline/period parameters: %lu/%lu/%lu\n", pid, attr.sched_runtime, attr.sched_deadline,
               attr.sched_period);
    return 0;
}

static int change(int pid)
{
    if (sched_setattr(pid, &wanted, 0) < 0)
        return fprintf(stderr, "chrt: pid %d: %s\n", pid, strerror(errno)), 1;
    return 0;
}

static int tell_limits(void)
{
    for (size_t i = 0; i < POLICIES; i++)
        printf("%s min/max priority\t: %d/%d\n", policies[i].name, sched_get_priority_min(policies[i].policy),
               sched_get_priority_max(policies[i].policy));
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "chrt: usage: chrt [-f|-r|-o|-b|-i|-d] [-R] [-T NS -D NS -P NS] PRIORITY COMMAND..., "
                    "chrt [...] [-a] -p [PRIORITY] PID, or chrt -m\n");
    return 2;
}

static int read_number(const char *text, unsigned long *number)
{
    char *end;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

int main(int argc, char **argv)
{
    int letter, of_process = 0, threads = 0;
    unsigned long number, ns;
    while ((letter = getopt(argc, argv, "+frobidRmpaT:D:P:")) != -1) {
        for (size_t i = 0; i < POLICIES; i++)
            if (policies[i].letter == letter)
                wanted.sched_policy = policies[i].policy;
        if (letter == '?')
            return usage();
        if (letter == 'm')
            return tell_limits();
        of_process |= letter == 'p';
        threads |= letter == 'a';
        if (letter == 'R')
            wanted.sched_flags = SCHED_FLAG_RESET_ON_FORK;
        if (strchr("TDP", letter)) {
            if (!read_number(optarg, &ns))
                return fprintf(stderr, "chrt: %s: no number of nanoseconds\n", optarg), 2;
            *(letter == 'T' ? &wanted.sched_runtime : letter == 'D' ? &wanted.sched_deadline : &wanted.sched_period) = ns;
        }
    }
    char **word = argv + optind;
    int words = argc - optind, pid = of_process && words ? atoi(word[words - 1]) : 0;
    if (of_process ? words < 1 || words > 2 : words < 2)
        return usage();
    if (of_process && words == 1)
        return threads ? each_thread(pid, tell) : tell(pid);
    if (!read_number(word[0], &number) || number > 99)
        return fprintf(stderr, "chrt: %s: no priority; chrt -m tells which there are\n", word[0]), 2;
    wanted.sched_priority = number;
    if (wanted.sched_policy == SCHED_DEADLINE && !wanted.sched_deadline)
        wanted.sched_deadline = wanted.sched_period;
    if (of_process)
        return threads ? each_thread(pid, change) : change(pid);
    if (sched_setattr(0, &wanted, 0) < 0)
        return fprintf(stderr, "chrt: %s: %s\n", name_of(wanted.sched_policy), strerror(errno)), 1;
    execvp(word[1], word + 1);
    fprintf(stderr, "chrt: %s: %s\n", word[1], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
