/* rms [-x] Q/P...: periodic tasks, each of which needs Q ms of every P ms, on one CPU. Tells the priority that each gets if the shorter
 * period goes first (rate-monotonic), how long its longest response then takes, and what three tests say of the set: the bound of Liu and
 * Layland, the response times, and the sum of what is needed, which is all that the earliest deadline first needs to know. -x runs the
 * set for as long as it takes to repeat itself, first as SCHED_FIFO threads and then as SCHED_DEADLINE ones, and counts the jobs that were
 * late. Status 0: with those priorities all meet their deadlines; 1: not all do.
 *
 * All numbers are whole: H is the least common multiple of the periods, N = sum of Q H / P, so the tasks need N / H of a CPU. */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000l
#define BEST_PRIORITY 50 /* SCHED_FIFO's, of the shortest period */
#define MOST_MS 100000l
#define REPEATS_MOST (1l << 40) /* H, ms: (n H + N)^n has 16 * 46 bits at most */
#define RUN_MOST 10000l         /* H, ms, with -x */
#define WORK_PERCENT 95         /* of Q; the rest is for the kernel, which works on the task's account */
#define LATE (1 * MS)           /* behind the deadline is late: a tick */

enum { TASKS = 16, LIMBS = 12 };

static struct task {
    long q, p;         /* ms */
    int rank;          /* 0: the shortest period; of equals the one named first */
    long response;     /* the longest, ms; above p: late */
} task[TASKS];
static int tasks;

/* What a task's process tells of its jobs. */
static volatile struct result {
    int error;
    long jobs, late, longest; /* longest response, ns */
} *results;

/* --- what can be said beforehand ------------------------------------------------------------------------------------------------------ */

static long repeats_after(void)
{
    long h = 1;
    for (int i = 0; i < tasks; i++) {
        long a = h, b = task[i].p;
        while (b) {
            long rest = a % b;
            a = b;
            b = rest;
        }
        h = h / a * task[i].p;
        if (h > REPEATS_MOST)
            return 0;
    }
    return h;
}

static void multiply(unsigned long number[LIMBS], unsigned long by)
{
    unsigned __int128 carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)number[i] * by;
        number[i] = (unsigned long)carry;
        carry >>= 64;
    }
}

/* Whether need / h is within the bound of Liu and Layland, n (2^(1/n) - 1): (n h + need)^n <= 2 (n h)^n. */
static int within_bound(long need, long h)
{
    unsigned long left[LIMBS] = { 1 }, right[LIMBS] = { 2 };
    for (int i = 0; i < tasks; i++) {
        multiply(left, tasks * h + need);
        multiply(right, tasks * h);
    }
    for (int i = LIMBS - 1; i >= 0; i--)
        if (left[i] != right[i])
            return left[i] < right[i];
    return 1;
}

/* R = Q + what those before it need in R: sum of Q' for each period P' begun, from Q on until nothing is added any more. */
static long response_of(const struct task *t)
{
    for (long r = t->q;;) {
        long sum = t->q;
        for (int i = 0; i < tasks; i++)
            if (task[i].rank < t->rank)
                sum += (r + task[i].p - 1) / task[i].p * task[i].q;
        if (sum == r || sum > t->p)
            return sum;
        r = sum;
    }
}

static void rank_tasks(void)
{
    for (int i = 0; i < tasks; i++)
        for (int k = 0; k < tasks; k++)
            task[i].rank += task[k].p < task[i].p || (task[k].p == task[i].p && k < i);
}

/* Part of a CPU, in tenths of thousandths, and the bound in the same. */
static void print_part(long parts)
{
    printf("%ld.%04ld", parts / 10000, parts % 10000);
}

static int tell(long h)
{
    long need = 0, bound = 10000;
    int late = 0;
    printf("task  Q ms  P ms   part  priority  response\n");
    for (int i = 0; i < tasks; i++) {
        struct task *t = &task[i];
        t->response = response_of(t);
        late += t->response > t->p;
        need += t->q * (h / t->p);
        printf("%4d %5ld %5ld ", i + 1, t->q, t->p);
        print_part(t->q * 10000 / t->p);
        printf(" %9d  %s%ld\n", BEST_PRIORITY - t->rank, t->response > t->p ? "late: " : "", t->response);
    }
    while (!within_bound(bound, 10000))
        bound--;
    printf("needed of the CPU: ");
    print_part(need / h * 10000 + need % h * 10000 / h);
    printf("\nLiu and Layland, up to ");
    print_part(bound);
    printf(": %s\nresponse times: %s\nearliest deadline first, up to 1: %s\n", within_bound(need, h) ? "all in time" : "cannot tell",
           late ? "not all in time" : "all in time", need <= h ? "all in time" : "not all in time");
    return late > 0;
}

/* --- running them --------------------------------------------------------------------------------------------------------------------- */

static long now(int clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void sleep_until(long when)
{
    struct timespec t = { when / (1000 * MS), when % (1000 * MS) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        continue;
}

static int become(const struct task *t, int policy)
{
    struct sched_attr attr = { .size = sizeof(attr), .sched_policy = policy };
    cpu_set_t first = { .word[0] = 1 };
    if (policy == SCHED_DEADLINE) {
        attr.sched_runtime = t->q * MS;
        attr.sched_deadline = attr.sched_period = t->p * MS;
    } else {
        attr.sched_priority = BEST_PRIORITY - t->rank;
        if (sched_setaffinity(0, sizeof(first), &first) < 0)
            return errno;
    }
    return sched_setattr(0, &attr, 0) < 0 ? errno : 0;
}

/* A job is done when all jobs so far have had their part of the CPU, so none is longer for what came between two of them. */
static void run_jobs(const struct task *t, volatile struct result *result, long begin, long h)
{
    long work = t->q * MS / 100 * WORK_PERCENT, done = now(CLOCK_PROCESS_CPUTIME_ID);
    for (long release = begin; release < begin + h * MS; release += t->p * MS) {
        sleep_until(release);
        for (done += work; now(CLOCK_PROCESS_CPUTIME_ID) < done;)
            continue;
        long response = now(CLOCK_MONOTONIC) - release;
        result->jobs++;
        result->late += response > t->p * MS + LATE;
        if (response > result->longest)
            result->longest = response;
    }
}

/* Each task is a process; when all are ready they hear through a pipe when they begin. */
static void start(const struct task *t, int policy, const int ready[2], const int go[2], long h)
{
    volatile struct result *result = &results[t - task];
    long begin;
    if (fork() != 0)
        return;
    close(go[1]);
    result->error = become(t, policy);
    if (write(ready[1], "", 1) == 1 && read(go[0], &begin, sizeof(begin)) == sizeof(begin))
        run_jobs(t, result, begin, h);
    _exit(0);
}

static int run(int policy, const char *name, long h)
{
    int ready[2], go[2];
    char byte;
    if (pipe(ready) < 0 || pipe(go) < 0)
        return perror("rms"), 2;
    memset((void *)results, 0, sizeof(*results) * TASKS);
    for (int i = 0; i < tasks; i++)
        start(&task[i], policy, ready, go, h);
    close(ready[1]);
    for (int i = 0; i < tasks && read(ready[0], &byte, 1) == 1; i++)
        if (results[i].error)
            h = 0; /* which makes all of them end */
    long begin = now(CLOCK_MONOTONIC) + 10 * MS;
    for (int i = 0; i < tasks && h; i++)
        if (write(go[1], &begin, sizeof(begin)) < 0)
            perror("rms");
    close(ready[0]);
    close(go[0]);
    close(go[1]);
    while (wait(NULL) > 0)
        continue;
    for (int i = 0; i < tasks; i++)
        if (results[i].error)
            return fprintf(stderr, "rms: %s: task %d: %s\n", name, i + 1, strerror(results[i].error)), 2;
    for (int i = 0; i < tasks; i++)
        printf("%s: task %d: %ld of %ld jobs late, longest response %ld.%ld ms\n", name, i + 1, results[i].late, results[i].jobs,
               results[i].longest / MS, results[i].longest % MS / (MS / 10));
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "rms: usage: rms [-x] Q/P...; of every P ms a task needs Q ms, both at most %ld, %d tasks at most\n", MOST_MS, TASKS);
    return 2;
}

int main(int argc, char **argv)
{
    int letter, runs = 0, failed = 0;
    while ((letter = getopt(argc, argv, "x")) != -1) {
        if (letter == '?')
            return usage();
        runs = 1;
    }
    for (int i = optind; i < argc; i++) {
        struct task *t = &task[tasks];
        char *end, *last;
        if (tasks == TASKS)
            return usage();
        t->q = strtol(argv[i], &end, 10);
        t->p = *end == '/' ? strtol(end + 1, &last, 10) : 0;
        if (!t->p || *last || t->q < 1 || t->q > t->p || t->p > MOST_MS)
            return usage();
        tasks++;
    }
    long h = repeats_after();
    if (!tasks)
        return usage();
    if (!h || (runs && h > RUN_MOST))
        return fprintf(stderr, "rms: with these periods it takes too long until all begin together again\n"), 2;
    rank_tasks();
    int late = tell(h);
    if (!runs)
        return late;
    results = mmap(NULL, sizeof(*results) * TASKS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        return perror("rms"), 2;
    fflush(stdout);
    failed = run(SCHED_FIFO, "FIFO", h);
    fflush(stdout);
    failed |= run(SCHED_DEADLINE, "DEADLINE", h);
    return failed ? failed : late;
}
