/* Lab 4.7: what programs make of futexes: a mutex, a thread's end, words in shared memory, signals. */

#include "lab3.h"
#include "threads.h"

#include <fcntl.h>

#define THREADS 4
#define ROUNDS 60

static struct thread threads[THREADS];

/* --- a mutex */

static volatile int lock_word, counter, inside, most_inside;

static void counts(struct thread *t)
{
    for (int i = 0; i < ROUNDS; i++) {
        lock(&lock_word);
        int now = counter;
        if (++inside > most_inside)
            most_inside = inside;
        for (int j = 0; j < 5; j++)
            __asm__ volatile("pause");
        counter = now + 1;
        inside--;
        unlock(&lock_word);
    }
    t->seen = 1;
}

static void mutex(void)
{
    for (int i = 0; i < THREADS; i++)
        start(&threads[i], counts, 0);
    for (int i = 0; i < THREADS; i++)
        join(&threads[i]);
    show("counted", counter);
    show("inside at once", most_inside);
    show("joined at their end", threads[0].seen + threads[1].seen + threads[2].seen + threads[3].seen);
}

/* --- two processes */

/* Two words, zero, in a file's page, wherever it is mapped. */
static volatile int *mapped_word(void)
{
    int fd = open("word", O_RDWR | O_CREAT, 0600);
    write(fd, (int[2]){ 0, 0 }, 2 * sizeof(int));
    volatile int *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at;
}

/* Until somebody waits there. */
static void wake_one(volatile int *word)
{
    while (futex(word, WAKE, 1, NULL, NULL, 0) == 0)
        sched_yield();
}

static void shared(void)
{
    volatile int *mine = mapped_word(), private = 0;
    pid_t pid = split();
    if (pid == 0) {
        volatile int *its = mapped_word();
        show_true("mapped at another place", its != mine);
        show("woken by another process", futex(its, WAIT, 0, NULL, NULL, 0));
        show("and the other way round", futex(mine, WAIT, 0, NULL, NULL, 0));
        fflush(stdout);
        its[1] = 1;
        futex(&private, WAIT, 0, NULL, NULL, 0);
        done(0);
    }
    wake_one(mine);
    wake_one(mine);
    while (!mine[1])
        sched_yield();
    for (int i = 0; i < 100; i++) {
        futex(&private, WAKE, 1, NULL, NULL, 0);
        sched_yield();
    }
    show("the same address in another process is another word", waitpid(pid, NULL, WNOHANG));
    kill(pid, SIGKILL);
    show_status("killed while it waits", wait_for(pid));
    unlink("word");
}

/* --- signals */

static volatile int word;

static void hears(int number)
{
    (void)number;
}

static void waits(struct thread *t)
{
    t->seen = (int)futex(&word, WAIT, 0, NULL, NULL, 0);
}

static void interrupted(void)
{
    sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = hears }, NULL);
    start(&threads[0], waits, 0);
    while (futex(&word, REQUEUE, 0, (void *)1000l, &word, 0) != 1) /* until it waits */
        sched_yield();
    call(SYS_tgkill, getpid(), threads[0].tid, SIGUSR1, 0, 0, 0);
    join(&threads[0]);
    show_text("a signal while it waits", strerror(-threads[0].seen));
    show("nobody is left there", futex(&word, WAKE, 1000, NULL, NULL, 0));
}

int main(int argc, char **argv)
{
    static const struct part parts[] = { { "mutex", mutex }, { "shared", shared }, { "interrupted", interrupted } };

    return run_parts(argc, argv, parts, sizeof(parts) / sizeof(*parts));
}
