/* Threads that set and take back the one alarm of their process at the same time, while it rings. */

#include "threads.h"

#include <fcntl.h>
#include <sys/time.h>

enum { THREADS = 3, ROUNDS = 60 };

static struct thread threads[THREADS];
static volatile int rings;

static void ring(int number)
{
    (void)number;
    rings++;
}

static void sets(struct thread *t)
{
    for (int i = 0; i < ROUNDS; i++) {
        long us = (i + t->argument) % 3 ? 300 + i % 7 : 0;
        struct itimerval timer = { { 0, us }, { 0, us } };
        call(SYS_setitimer, ITIMER_REAL, (long)&timer, 0, 0, 0, 0);
    }
}

/* A process whose alarm still rings when it ends. */
static void one_family(void)
{
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = ring, .sa_flags = SA_RESTART }, NULL);
    for (int i = 0; i < THREADS; i++)
        start(&threads[i], sets, i);
    sets(&threads[0]);
    for (int i = 0; i < THREADS; i++)
        join(&threads[i]);
    _exit(0);
}

/* Calls with more bytes than can be had between two rings: they stop short for the second. */
static void ring_in(long us)
{
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, us } }, NULL);
}

static void stops_short(void)
{
    static char many[32 << 20];
    int fd = open("/dev/urandom", O_RDONLY);
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = ring }, NULL);
    memset(many, 1, sizeof(many));
    for (int from = 0; from < 2; from++) {
        ring_in(1000);
        long n = syscall(SYS_getrandom, many + from, sizeof(many) - 1, 0);
        show_true("a few of many bytes from getrandom()", n >= 256 && n < (long)sizeof(many) - 1);
        ring_in(1000);
        n = read(fd, many + from, sizeof(many) - 1);
        show_true("a few of many bytes from /dev/urandom", n >= 256 && n < (long)sizeof(many) - 1);
    }
    show("each stopped once", rings);
}

int main(void)
{
    stops_short();
    for (int i = 0; i < 4; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0)
            one_family();
        waitpid(pid, &status, 0);
        show("a process whose threads set its alarm", status);
    }
    struct itimerval left;
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 100, 0 } }, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, &left);
    show_true("what was left of it", left.it_value.tv_sec >= 99);
    return 0;
}
