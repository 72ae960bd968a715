/* crew THREADS: a process with so many threads, which all sleep until it is killed. */

#include "threads.h"

enum { MOST = 8 };

static struct thread crew[MOST];

static void __attribute__((noreturn)) sleep_on(struct thread *t)
{
    (void)t;
    for (;;)
        call(SYS_pause, 0, 0, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 0;
    if (threads < 1 || threads > MOST)
        return fprintf(stderr, "crew: usage: crew THREADS, at most %d\n", MOST), 2;
    for (int i = 1; i < threads; i++)
        if (start(&crew[i], sleep_on, 0) < 0)
            return perror("crew"), 1;
    sleep_on(NULL);
}
