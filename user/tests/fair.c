/* fair: how fairly processes share a CPU, and how late one is that wakes, in ns of the TSC: under QEMU with -icount shift=0 one tick is one
 * instruction and one ns. Nothing here asks the kernel what it thinks it gave: a process that computes reads the TSC all the time, and
 * whatever is missing between two readings was not its own. The same program runs on Linux, for comparison; on one CPU. Prints
 *     tick NS                        the time between two timer interrupts
 *     NAME MARK RAN RAN ...          what each process of an experiment has run from its begin to this mark
 *     late NAME NS NS ...            of processes that sleep: how late each sleep ended */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define US 1000ul
#define MS 1000000ul

enum { MOST = 6, MARKS = 16, WAKES = 24, TICKS = 64 };
enum { SETTLES = 5 };     /* s: Linux has much to do when its first program begins, and does it at its side */
enum {
    INTERRUPTED = 300,    /* so long between two readings: there was an interrupt */
    SWITCHED = 150000,    /* so long: somebody else ran. A turn is longer, and an interrupt shorter */
};

struct part {
    int nice;
    unsigned long slice; /* ns */
    unsigned long works, sleeps; /* ns; 0: computes all the time */
};

/* All the processes see it. */
static volatile struct {
    int ready;
    unsigned long begin, end; /* of what is measured; 0: not yet known */
    unsigned long ran[MOST][MARKS];
    unsigned long late[MOST][WAKES];
} *shared;

static inline unsigned long ticks(void)
{
    unsigned low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (unsigned long)high << 32 | low;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void become(const struct part *part)
{
    struct sched_attr attr = { .size = sizeof(attr), .sched_nice = part->nice, .sched_runtime = part->slice };
    if (sched_setattr(0, &attr, 0) < 0)
        fail("sched_setattr");
}

/* Computes until the end; writes down what it has run at each mark. */
static void compute(unsigned number)
{
    unsigned long every = (shared->end - shared->begin) / MARKS, ran = 0, last = ticks();
    unsigned mark = 0;
    while (last < shared->begin)
        last = ticks();
    while (mark < MARKS) {
        unsigned long now = ticks();
        if (now - last < SWITCHED)
            ran += now - last;
        last = now;
        while (mark < MARKS && now >= shared->begin + (mark + 1) * every)
            shared->ran[number][mark++] = ran;
    }
}

static void sleep_often(const struct part *part, unsigned number)
{
    while (ticks() < shared->begin)
        ;
    for (unsigned i = 0; i < WAKES; i++) {
        unsigned long due = ticks() + part->sleeps, until;
        nanosleep(&(struct timespec){ 0, part->sleeps }, NULL);
        until = ticks();
        shared->late[number][i] = until - due;
        for (until += part->works; ticks() < until;)
            ;
    }
}

static void act(const struct part *part, unsigned number, int gate)
{
    char c;
    become(part);
    shared->ready++; /* one CPU, and its maker waits */
    read(gate, &c, 1);
    if (part->sleeps)
        sleep_often(part, number);
    else
        compute(number);
    _exit(0);
}

/* n processes compete for ms milliseconds; all begin when the gate is shut. */
static void play(const char *name, const struct part *part, unsigned n, unsigned long ms)
{
    int gate[2];
    if (pipe(gate) < 0)
        fail("pipe");
    shared->ready = 0;
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0)
            fail("fork");
        if (pid == 0) {
            close(gate[1]);
            act(&part[i], i, gate[0]);
        }
        while (shared->ready <= (int)i)
            nanosleep(&(struct timespec){ 0, MS }, NULL);
    }
    nanosleep(&(struct timespec){ 0, 5 * MS }, NULL); /* all of them wait at the gate */
    shared->begin = ticks() + 20 * MS;
    shared->end = shared->begin + ms * MS;
    close(gate[0]);
    close(gate[1]);
    while (wait(NULL) > 0)
        ;
    for (unsigned mark = 0; mark < MARKS && !part[n - 1].sleeps; mark++) {
        printf("%s %u", name, mark + 1);
        for (unsigned i = 0; i < n; i++)
            printf(" %lu", shared->ran[i][mark]);
        printf("\n");
    }
    for (unsigned i = 0; i < n; i++) {
        if (!part[i].sleeps)
            continue;
        printf("late %s_%lu", name, part[i].slice / US);
        for (unsigned wake = 0; wake < WAKES; wake++)
            printf(" %lu", shared->late[i][wake]);
        printf("\n");
    }
    fflush(stdout);
}

static int by_size(const void *a, const void *b)
{
    unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;
    return (x > y) - (x < y);
}

/* The middle one of the times between two interrupts. */
static void tell_tick(void)
{
    unsigned long gap[TICKS], before = 0, last = ticks();
    for (unsigned n = 0; n < TICKS;) {
        unsigned long now = ticks();
        if (now - last > INTERRUPTED) {
            if (before)
                gap[n++] = now - before;
            before = now;
        }
        last = now;
    }
    qsort(gap, TICKS, sizeof(gap[0]), by_size);
    printf("tick %lu\n", gap[TICKS / 2]);
}

int main(void)
{
    static const struct part two[] = { { 0, 3 * MS, 0, 0 }, { 5, 3 * MS, 0, 0 } };
    static const struct part five[] = { { -10, 3 * MS, 0, 0 }, { -5, 3 * MS, 0, 0 }, { 0, 3 * MS, 0, 0 }, { 5, 3 * MS, 0, 0 },
                                        { 10, 3 * MS, 0, 0 } };
    static const struct part slices[] = { { 0, 3 * MS, 0, 0 }, { 0, MS / 2, 0, 0 }, { 0, 20 * MS, 0, 0 } };
    static const struct part wakes[] = { { 0, 10 * MS, 0, 0 }, { 0, 10 * MS, 0, 0 }, { 0, 10 * MS, 0, 0 },
                                         { 0, MS / 2, MS / 4, 11 * MS }, { 0, 10 * MS, MS / 4, 13 * MS } };

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        fail("mmap");
    nanosleep(&(struct timespec){ SETTLES, 0 }, NULL);
    tell_tick();
    play("two", two, 2, 400);
    play("five", five, 5, 400);
    play("slices", slices, 3, 400);
    play("wakes", wakes, 5, 500);
    return 0;
}
