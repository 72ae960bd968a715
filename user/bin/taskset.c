/* taskset [-c] CPUS COMMAND..., taskset [-c] [-a] -p [CPUS] PID: runs a command on these CPUs alone, or tells, and changes, where a process
 * may run, with -a each of its threads. CPUS is a mask in hexadecimal, bit n for CPU n; with -c a list such as 0,2-3. */

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int listed; /* -c */
static cpu_set_t *wanted; /* NULL: nothing is to change */

/* Returns whether the text is CPUs and nothing else. */
static int read_list(char *text, cpu_set_t *set)
{
    for (;; text++) {
        char *end;
        long first = strtol(text, &end, 10), last = *end == '-' ? strtol(end + 1, &text, 10) : (text = end, first);
        if (first < 0 || last < first || last >= CPU_SETSIZE || (*text && *text != ',') || (text[-1] == '-'))
            return 0;
        for (; first <= last; first++)
            CPU_SET(first, set);
        if (!*text)
            return 1;
    }
}

static int read_cpus(char *text, cpu_set_t *set)
{
    char *end;
    CPU_ZERO(set);
    if (!*text)
        return 0;
    if (listed)
        return read_list(text, set);
    set->word[0] = strtoul(text, &end, 16);
    return !*end;
}

static void print_list(const cpu_set_t *set)
{
    const char *between = "";
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        int last = cpu;
        if (!CPU_ISSET(cpu, set))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        printf(last == cpu ? "%s%d" : last == cpu + 1 ? "%s%d,%d" : "%s%d-%d", between, cpu, last);
        between = ",";
        cpu = last;
    }
}

static int tell(int pid, const char *which)
{
    cpu_set_t set;
    if (sched_getaffinity(pid, sizeof(set), &set) < 0)
        return fprintf(stderr, "taskset: pid %d: %s\n", pid, strerror(errno)), 1;
    printf("pid %d's %s affinity %s: ", pid, which, listed ? "list" : "mask");
    if (listed)
        print_list(&set);
    else
        printf("%lx", set.word[0]);
    return printf("\n") < 0;
}

static int tell_and_change(int pid)
{
    if (tell(pid, "current"))
        return 1;
    if (!wanted)
        return 0;
    if (sched_setaffinity(pid, sizeof(*wanted), wanted) < 0)
        return fprintf(stderr, "taskset: pid %d: %s\n", pid, strerror(errno)), 1;
    return tell(pid, "new");
}

static int usage(void)
{
    fprintf(stderr, "taskset: usage: taskset [-c] CPUS COMMAND..., or taskset [-c] [-a] -p [CPUS] PID; CPUS: a mask, with -c a list\n");
    return 2;
}

int main(int argc, char **argv)
{
    int letter, of_process = 0, threads = 0;
    cpu_set_t set;
    while ((letter = getopt(argc, argv, "+cpa")) != -1) {
        if (letter == '?')
            return usage();
        *(letter == 'c' ? &listed : letter == 'p' ? &of_process : &threads) = 1;
    }
    char **word = argv + optind;
    int words = argc - optind, pid = of_process && words ? atoi(word[words - 1]) : 0;
    if (of_process ? words < 1 || words > 2 : words < 2)
        return usage();
    if ((!of_process || words == 2) && !read_cpus(word[0], &set))
        return fprintf(stderr, "taskset: %s: no %s of CPUs\n", word[0], listed ? "list" : "mask"), 2;
    if (of_process) {
        wanted = words == 2 ? &set : NULL;
        return threads ? each_thread(pid, tell_and_change) : tell_and_change(pid);
    }
    if (sched_setaffinity(0, sizeof(set), &set) < 0)
        return fprintf(stderr, "taskset: %s: %s\n", word[0], strerror(errno)), 1;
    execvp(word[1], word + 1);
    fprintf(stderr, "taskset: %s: %s\n", word[1], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
