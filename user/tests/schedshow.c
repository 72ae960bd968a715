/* What /proc/PID/stat says of how a process is scheduled, under each policy: priority, nice value, real-time priority, policy. And that the
 * numbers of turns agree with each other. */

#include "show.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#define MS 1000000ul

/* Fields of stat, as proc(5) counts them. */
enum { FIRST = 3, PRIORITY = 18, NICE = 19, CPU = 39, RT_PRIORITY = 40, POLICY = 41, FIELDS };

static int read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, size - 1, file) : 0;
    text[n] = 0;
    if (file)
        fclose(file);
    return n > 0;
}

static void tell(const char *when, const char *who)
{
    char path[64], text[1024];
    long field[FIELDS] = { 0 };
    snprintf(path, sizeof(path), "/proc/%s/stat", who);
    char *at = read_file(path, text, sizeof(text)) ? strrchr(text, ')') + 3 : "";
    for (int i = FIRST + 1; *at && i < FIELDS; i++)
        field[i] = strtol(at + 1, &at, 10);
    printf("%s: priority %ld, nice %ld, real-time priority %ld, policy %ld\n", when, field[PRIORITY], field[NICE], field[RT_PRIORITY],
           field[POLICY]);
    cpu_set_t may;
    show_ok("where it may run", sched_getaffinity(0, sizeof(may), &may));
    show_true("it is there", field[CPU] >= 0 && field[CPU] < CPU_SETSIZE && CPU_ISSET(field[CPU], &may));
}

static void become(const char *name, int policy, int priority)
{
    struct sched_param param = { .sched_priority = priority };
    show_call(name, sched_setscheduler(0, policy, &param));
    tell(name, "self");
}

static void of_another(void)
{
    char who[16];
    int pipes[2];
    char byte;
    if (pipe(pipes) < 0)
        exit(9);
    pid_t child = split();
    if (!child) {
        close(pipes[1]);
        exit(read(pipes[0], &byte, 1) != 0); /* until the other end is closed */
    }
    struct sched_param param = { .sched_priority = 7 };
    show_ok("a child is RR 7", sched_setscheduler(child, SCHED_RR, &param));
    snprintf(who, sizeof(who), "%d", child);
    tell("the child", who);
    close(pipes[1]);
    waitpid(child, NULL, 0);
}

static long number_in(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? atol(at + strlen(name)) : -1;
}

static void turns(void)
{
    char text[4096];
    struct rusage usage;
    struct timespec ms = { 0, MS };
    long before, after;
    read_file("/proc/self/status", text, sizeof(text));
    before = number_in(text, "\nvoluntary_ctxt_switches:");
    for (int i = 0; i < 5; i++)
        nanosleep(&ms, NULL);
    read_file("/proc/self/status", text, sizeof(text));
    after = number_in(text, "\nvoluntary_ctxt_switches:");
    show_true("each sleep is left for of one's own will", after - before >= 5 && before >= 0);
    show_true("there is a number of the others", number_in(text, "\nnonvoluntary_ctxt_switches:") >= 0);
    show_ok("getrusage", getrusage(RUSAGE_SELF, &usage));
    show_true("it says the same", usage.ru_nvcsw >= after && usage.ru_nvcsw < after + 5);
}

int main(void)
{
    begin();
    tell("at first", "self");
    show_call("nice 5", setpriority(PRIO_PROCESS, 0, 5));
    become("BATCH", SCHED_BATCH, 0);
    become("IDLE", SCHED_IDLE, 0);
    become("FIFO 99", SCHED_FIFO, 99);
    become("FIFO 1", SCHED_FIFO, 1);
    become("RR 50", SCHED_RR, 50);
    struct sched_attr attr = { .size = sizeof(attr), .sched_policy = SCHED_DEADLINE, .sched_runtime = 2 * MS, .sched_deadline = 20 * MS,
                               .sched_period = 20 * MS };
    long deadline = sched_setattr(0, &attr, 0);
    show_call("DEADLINE", deadline);
    tell("DEADLINE", "self");
    become("OTHER", SCHED_OTHER, 0);
    show_call("nice -7", setpriority(PRIO_PROCESS, 0, -7));
    tell("then", "self");
    of_another();
    turns();
    return 0;
}
