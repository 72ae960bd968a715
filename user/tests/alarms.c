/* Threads that set and take back the one alarm of their process at the same time, while it rings. */

#include "threads.h"

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

int main(void)
{
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
