/* load [WHAT AMOUNT]...: what a kernel has to bear, and at the end nothing is left of it. Without arguments a little of everything.
 *
 *     processes N   so many at once, each of which has heard of the others
 *     tree N        so many forks, each process of a tree making two
 *     pipes N       so many pipes, along which a byte goes round
 *     futex N       so many threads that wait for one word
 *     file          one file until there is no more room, which is told
 *     hog           a process takes memory until it is killed for it; a smaller one stays
 *     calls N       a process whose calls take memory while others take all of it: it hears nothing of that, so many times
 *     adj           two take memory: the one that has less, but said that it counts for more, is killed
 *     crowd N       so many processes that take all memory together: those that have most are killed, until the others have enough */

#include "threads.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

enum { PAGE = 4096, MIB = 1 << 20 };

static void failed(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(1);
}

static void pipe_or_end(int *fds)
{
    if (pipe(fds) < 0)
        failed("pipe");
}

/* How many of n children ended with status 0. */
static long all_end(void)
{
    long good = 0;
    for (int status; wait(&status) > 0;)
        good += status == 0;
    return good;
}

/* Each tells that it is there, and stays until all are. */
static void processes(long n)
{
    int here[2], go[2];
    long there = 0;
    char byte = 0;
    pipe_or_end(here);
    pipe_or_end(go);
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0)
            failed("fork");
        if (pid == 0) {
            close(go[1]);
            _exit(write(here[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 0);
        }
    }
    while (there < n && read(here[0], &byte, 1) == 1)
        there++;
    show("processes at once", there);
    close(go[1]);
    show("ended", all_end());
    close(go[0]);
    close(here[0]);
    close(here[1]);
}

/* Makes n processes below this one. Returns how many came to their end, those of its children's included, by way of a shared count. */
static void grow(long n, volatile long *count)
{
    for (int half = 0; half < 2 && n > 0; half++) {
        long below = half == 0 ? (n - 1) / 2 : n - 1 - (n - 1) / 2 - 1;
        if (half == 1 && n < 2)
            break;
        pid_t pid = fork();
        if (pid < 0)
            failed("fork");
        if (pid == 0) {
            grow(below, count);
            __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
            _exit(0);
        }
        if (n > 64) /* a branch after the other, or there would be too many at once */
            all_end();
    }
    all_end();
}

static void tree(long n)
{
    volatile long *count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    grow(n, count);
    show("forks in a tree", *count);
    munmap((void *)count, PAGE);
}

static void pipes(long n)
{
    static int fds[1000][2];
    char byte = 7;
    long made = 0;
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2 * n + 8, 4096 });
    for (; made < n; made++)
        pipe_or_end(fds[made]);
    pid_t pid = fork();
    if (pid == 0) { /* passes on from each pipe to the next one */
        for (long i = 0; i + 1 < n; i++)
            if (read(fds[i][0], &byte, 1) != 1 || write(fds[i + 1][1], &byte, 1) != 1)
                _exit(1);
        _exit(0);
    }
    if (write(fds[0][1], &byte, 1) != 1 || read(fds[n - 1][0], &byte, 1) != 1)
        failed("a pipe");
    show("pipes", made);
    show("the byte", byte);
    show("ended", all_end());
    for (long i = 0; i < n; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

static volatile int word, arrived, woken;

static void waits(struct thread *t)
{
    (void)t;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (word == 0)
        futex(&word, WAIT, 0, NULL, NULL, 0);
    __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
}

static void threads_on_a_futex(long n)
{
    struct thread *threads = mmap(NULL, n * sizeof(*threads), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long i = 0; i < n; i++)
        if (start(&threads[i], waits, i) < 0)
            failed("clone");
    while (arrived < n)
        nanosleep(&(struct timespec){ 0, 100000 }, NULL); /* who yields may be first again */
    word = 1;
    futex(&word, WAKE, 1 << 30, NULL, NULL, 0);
    for (long i = 0; i < n; i++)
        join(&threads[i]);
    show("threads on one futex", woken);
    munmap(threads, n * sizeof(*threads));
}

/* Half of the machine's memory is files' at most. */
static void file(void)
{
    char *block = malloc(MIB);
    int fd = open("load-file", O_CREAT | O_WRONLY | O_EXCL, 0600);
    long size = 0, n;
    memset(block, 1, MIB);
    while ((n = write(fd, block, MIB)) > 0)
        size += n;
    show_text("a file without end", strerror(errno));
    show_true("more than 16 MiB", size > 16 * MIB);
    close(fd);
    unlink("load-file");
    free(block);
}

/* Until it is killed. */
static void take_all(void)
{
    for (;;) {
        char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            _exit(1);
        for (int i = 0; i < MIB; i += PAGE)
            p[i] = 1;
    }
}

static void hog(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        take_all();
    waitpid(pid, &status, 0);
    show("who takes all memory ends with", status);
}

/* Files, pipes, processes and pages, read into memory that is not there yet. Returns what failed. */
static long take_a_little(void)
{
    enum { SIZE = 64 * PAGE };
    int fds[2], status = -1, fd = open("load-calls", O_CREAT | O_RDWR, 0600);
    char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long failures = (fd < 0) + (p == MAP_FAILED) + (pipe(fds) < 0);
    if (failures)
        return failures;
    pid_t pid = fork();
    if (pid == 0) {
        execv("/tests/tiny", (char *[]){ "tiny", NULL });
        _exit(1);
    }
    failures += pid < 0 || waitpid(pid, &status, 0) != pid || status == SIGKILL;
    failures += write(fds[1], "something", 9) != 9 || read(fds[0], p, 9) != 9;
    for (long done = 0, n; done < SIZE; done += n)
        if ((n = write(fd, p, SIZE - done)) <= 0)
            return failures + 1;
    failures += lseek(fd, 0, SEEK_SET) != 0 || munmap(p, SIZE) != 0;
    p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    failures += p == MAP_FAILED || read(fd, p, SIZE) != SIZE || strcmp(p, "something") != 0;
    munmap(p, SIZE);
    close(fds[0]);
    close(fds[1]);
    close(fd);
    return failures + (unlink("load-calls") != 0);
}

static void calls(long n)
{
    long failures = 0;
    pid_t pid = fork();
    if (pid == 0)
        for (setpgid(0, 0);;) {
            pid_t hog = fork();
            if (hog == 0)
                take_all();
            if (hog > 0)
                waitpid(hog, NULL, 0);
        }
    setpgid(pid, pid);
    for (long i = 0; i < n; i++) {
        failures += take_a_little();
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
    show("calls that failed while others took all memory", failures);
}

static void set_adj(const char *to)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd < 0 || write(fd, to, strlen(to)) < 0)
        failed("oom_score_adj");
    close(fd);
}

/* Takes so many pages, says so, and waits. */
static pid_t holder(long pages, const char *to, int tell)
{
    pid_t pid = fork();
    if (pid == 0) {
        char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), byte = 0;
        set_adj(to);
        for (long i = 0; i < pages; i++)
            p[i * PAGE] = 1;
        (void)!write(tell, &byte, 1);
        for (;;)
            pause();
    }
    return pid;
}

static void adj(void)
{
    int fds[2], status = -1, rest;
    char byte;
    pipe_or_end(fds);
    pid_t less = holder(500, "900", fds[1]), never = holder(6000, "-1000", fds[1]);
    (void)!read(fds[0], &byte, 1);
    (void)!read(fds[0], &byte, 1);
    pid_t hog = fork();
    if (hog == 0)
        take_all();
    waitpid(less, &status, 0);
    show("who counts for more ends with", status);
    waitpid(hog, &status, 0);
    show("who takes the rest ends with", status);
    show("who is never chosen is there", waitpid(never, &rest, WNOHANG));
    kill(never, SIGKILL);
    waitpid(never, &status, 0);
    close(fds[0]);
    close(fds[1]);
}

/* Each takes as much as all of them have room for, and then half as much again. */
static void crowd(long n)
{
    int fd = open("/proc/meminfo", O_RDONLY);
    char text[256] = "", *at;
    long killed = 0, other = 0;
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    at = strstr(text, "MemFree:");
    long kib = at ? atol(at + 8) : 0;
    long pages = kib / 4 * 3 / 2 / n;
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (long k = 0; p != MAP_FAILED && k < pages; k++)
                p[k * PAGE] = 1;
            nanosleep(&(struct timespec){ 0, 300000000 }, NULL); /* so that all have theirs at the same time */
            _exit(p == MAP_FAILED);
        }
        other += pid < 0;
    }
    for (int status; wait(&status) > 0;) {
        killed += status == SIGKILL;
        other += status != 0 && status != SIGKILL;
    }
    show_true("some of a crowd are killed", killed > 0);
    show_true("and some are not", killed < n);
    show("other ends", other);
}

static void one(const char *what, long n)
{
    if (strcmp(what, "processes") == 0)
        processes(n);
    else if (strcmp(what, "tree") == 0)
        tree(n);
    else if (strcmp(what, "pipes") == 0)
        pipes(n);
    else if (strcmp(what, "futex") == 0)
        threads_on_a_futex(n);
    else if (strcmp(what, "file") == 0)
        file();
    else if (strcmp(what, "hog") == 0)
        hog();
    else if (strcmp(what, "calls") == 0)
        calls(n);
    else if (strcmp(what, "adj") == 0)
        adj();
    else if (strcmp(what, "crowd") == 0)
        crowd(n);
    else
        printf("load: there is no %s\n", what);
}

int main(int argc, char **argv)
{
    static char *little[] = { "", "processes", "60", "tree", "200", "pipes", "40", "futex", "16" };
    if (argc < 2) {
        argv = little;
        argc = sizeof(little) / sizeof(little[0]);
    }
    for (int i = 1; i < argc; i += 2)
        one(argv[i], i + 1 < argc ? atol(argv[i + 1]) : 0);
    return 0;
}
