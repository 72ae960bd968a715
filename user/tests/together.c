/* together: how long one process takes to compute something, and how long two take that do so at the same time, in ns of the clock on the
 * wall: for make bench, on two CPUs that really run at the same time. Prints lines as bench does. */

#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REPEATS = 5, ROUNDS = 30000000 };

static void compute(void)
{
    volatile unsigned long x = 1;
    for (long i = 0; i < ROUNDS; i++)
        x = x * 6364136223846793005ul + 1;
}

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000l + t.tv_nsec;
}

static long took(int processes)
{
    long begin = now();
    for (int n = 0; n < processes; n++)
        if (fork() == 0) {
            compute();
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return now() - begin;
}

int main(void)
{
    for (int i = 0; i < REPEATS; i++)
        printf("one %ld\ntwo %ld\n", took(1), took(2));
    return 0;
}
