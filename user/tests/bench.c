/* bench: what system calls cost, in ticks of the TSC: under QEMU with -icount shift=0 one tick is one instruction. Prints `NAME VALUE`
 * lines: NAME the least of the repeats, NAME_median the middle one. The same program runs on Linux, for comparison; on one CPU.
 * Needs tests/tiny beside it. */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPEATS = 31, PAGE = 4096 };
enum { MADVISE = 28, NO_HUGE_PAGES = 15 };

static long cost[REPEATS];

static inline unsigned long ticks(void)
{
    unsigned low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (unsigned long)high << 32 | low;
}

static int by_size(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, int repeats)
{
    qsort(cost, repeats, sizeof(long), by_size);
    printf("%s %ld\n%s_median %ld\n", name, cost[0], name, cost[repeats / 2]);
    fflush(stdout); /* seen even if what follows does not go well */
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Pages of the usual size: Linux would use larger ones for some of it. */
static char *map(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    syscall(MADVISE, memory, size, NO_HUGE_PAGES);
    return memory;
}

static void touch(volatile char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = 1;
}

static void bench_getpid(void)
{
    enum { TIMES = 100 };
    for (int r = 0; r < REPEATS; r++) {
        unsigned long begin = ticks();
        for (int i = 0; i < TIMES; i++) {
            long number = SYS_getpid;
            asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
        }
        cost[r] = (ticks() - begin) / TIMES;
    }
    report("getpid", REPEATS);
}

static void bench_pipe(void)
{
    enum { TIMES = 50 };
    int to[2], from[2];
    char c = 'x';
    if (pipe(to) < 0 || pipe(from) < 0)
        fail("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        close(to[1]);
        while (read(to[0], &c, 1) == 1)
            write(from[1], &c, 1);
        _exit(0);
    }
    for (int r = 0; r < REPEATS; r++) {
        unsigned long begin = ticks();
        for (int i = 0; i < TIMES; i++) {
            write(to[1], &c, 1);
            read(from[0], &c, 1);
        }
        cost[r] = (ticks() - begin) / TIMES;
    }
    for (int i = 0; i < 2; i++) {
        close(to[i]);
        close(from[i]);
    }
    waitpid(pid, NULL, 0);
    report("pipe_round_trip", REPEATS);
}

static void bench_fork(void)
{
    for (int r = 0; r < REPEATS; r++) {
        unsigned long begin = ticks();
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
        cost[r] = ticks() - begin;
    }
    report("fork_exit_wait", REPEATS);
}

static void bench_exec(char *tiny)
{
    char *arguments[] = { tiny, NULL }, *environment[] = { NULL };
    for (int r = 0; r < REPEATS; r++) {
        int status;
        unsigned long begin = ticks();
        pid_t pid = fork();
        if (pid == 0) {
            execve(tiny, arguments, environment);
            _exit(1);
        }
        waitpid(pid, &status, 0);
        cost[r] = ticks() - begin;
        if (status != 0) {
            fprintf(stderr, "bench: %s cannot be run; it has to lie beside bench\n", tiny);
            exit(1);
        }
    }
    report("fork_exec_wait", REPEATS);
}

static void bench_yield(void)
{
    enum { TIMES = 100 };
    volatile struct {
        int stop;
        long yields; /* the other one's */
    } *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        for (; !shared->stop; shared->yields++)
            sched_yield();
        _exit(0);
    }
    while (shared->yields < TIMES) /* Linux lets a new process wait for its first turn */
        sched_yield();
    for (int r = 0; r < REPEATS; r++) {
        long before = shared->yields;
        unsigned long begin = ticks();
        for (int i = 0; i < TIMES; i++)
            sched_yield();
        cost[r] = (ticks() - begin) / (TIMES + shared->yields - before);
    }
    shared->stop = 1;
    waitpid(pid, NULL, 0);
    munmap((void *)shared, PAGE);
    report("sched_yield", REPEATS);
}

static void bench_first_touch(void)
{
    enum { PAGES = 256 };
    for (int r = 0; r < REPEATS; r++) {
        char *memory = map(PAGES * PAGE);
        memory[0] = 1; /* page tables */
        unsigned long begin = ticks();
        touch(memory + PAGE, (PAGES - 1) * PAGE);
        cost[r] = (ticks() - begin) / (PAGES - 1);
        munmap(memory, PAGES * PAGE);
    }
    report("first_touch", REPEATS);
}

/* A child that only waits until the pipe it is given ends. */
static pid_t waiting_child(int fds[2])
{
    char c;
    if (pipe(fds) < 0)
        fail("pipe");
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        close(fds[1]);
        read(fds[0], &c, 1);
        _exit(0);
    }
    return pid;
}

static void end_child(pid_t pid, int fds[2])
{
    close(fds[0]);
    close(fds[1]);
    waitpid(pid, NULL, 0);
}

static void bench_cow(void)
{
    enum { PAGES = 256 };
    char *memory = map(PAGES * PAGE);
    for (int r = 0; r < REPEATS; r++) {
        int fds[2];
        touch(memory, PAGES * PAGE);
        pid_t pid = waiting_child(fds);
        memory[0] = 2;
        unsigned long begin = ticks();
        touch(memory + PAGE, (PAGES - 1) * PAGE);
        cost[r] = (ticks() - begin) / (PAGES - 1);
        end_child(pid, fds);
    }
    munmap(memory, PAGES * PAGE);
    report("cow_break", REPEATS);
}

static void bench_big_fork(void)
{
    enum { TIMES = 5, SIZE = 64 << 20 };
    char *memory = map(SIZE);
    touch(memory, SIZE);
    for (int r = 0; r < TIMES; r++) {
        int fds[2];
        char c;
        if (pipe(fds) < 0)
            fail("pipe");
        unsigned long begin = ticks();
        pid_t pid = fork();
        if (pid == 0) {
            close(fds[1]);
            read(fds[0], &c, 1);
            _exit(0);
        }
        cost[r] = ticks() - begin;
        if (pid < 0)
            fail("fork");
        end_child(pid, fds);
    }
    munmap(memory, SIZE);
    report("fork_64_mib", TIMES);
}

int main(int argc, char **argv)
{
    char tiny[512];
    (void)argc;
    char *slash = strrchr(argv[0], '/');
    snprintf(tiny, sizeof(tiny), "%.*stiny", slash ? (int)(slash - argv[0] + 1) : 0, argv[0]);
    bench_getpid();
    bench_yield();
    bench_pipe();
    bench_fork();
    bench_exec(tiny);
    bench_first_touch();
    bench_cow();
    bench_big_fork();
    return 0;
}
