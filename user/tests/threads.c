/* Threads: clone with a stack of one's own, futexes, what a thread's end does to the others, and what concerns all of them. */

#include "threads.h"

#include <time.h>

static struct thread threads[8];

static void show_error(const char *name, long result)
{
    printf("%s: %s\n", name, result < 0 ? strerror((int)-result) : "ok");
}

/* --- begin and end */

static void identity_of(struct thread *t)
{
    long pid = call(SYS_getpid, 0, 0, 0, 0, 0, 0), tid = call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    t->seen = (pid == t->argument) | (tid == t->tid) << 1 | (tid != pid) << 2;
}

static void begin_and_end(void)
{
    struct thread *t = &threads[0];
    long tid = start(t, identity_of, getpid());
    show_true("a thread starts", tid > 0);
    join(t);
    show("same process, its own id", t->seen);
    show_true("the first thread has the process's", gettid() == getpid());
    show_error("kill of a thread that is gone", call(SYS_tgkill, getpid(), tid, 0, 0, 0, 0));
    show_error("a thread with a space of its own", call(SYS_clone, THREAD & ~0x100, (long)(t->stack + STACK), 0, 0, 0, 0));
}

/* --- a mutex */

static volatile int lock_word, counter;

static void counts(struct thread *t)
{
    for (long i = 0; i < t->argument; i++) {
        lock(&lock_word);
        int now = counter;
        if (i % 16 == 0)
            call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        counter = now + 1;
        unlock(&lock_word);
    }
}

static void mutex(void)
{
    for (int i = 0; i < 8; i++)
        start(&threads[i], counts, 200);
    for (int i = 0; i < 8; i++)
        join(&threads[i]);
    show("eight threads count under a lock", counter);
}

/* --- futex calls */

static volatile int word, other, arrived;

static void waits(struct thread *t)
{
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    t->seen = (int)futex(&word, WAIT_BITSET, 0, NULL, NULL, (int)t->argument);
}

/* Until all n wait: a wake of none of their bits cannot tell, so they are moved to where they are. */
static void all_wait(int n)
{
    while (futex(&word, REQUEUE, 0, (void *)1000l, &word, 0) != n)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void errors(void)
{
    struct timespec short_time = { 0, 1000000 }, bad = { 0, 1000000000 }, past = { 1, 0 };
    word = 5;
    show_error("wait for another value", futex(&word, WAIT, 4, NULL, NULL, 0));
    show_error("wait with a limit", futex(&word, WAIT, 5, &short_time, NULL, 0));
    show_error("wait until, monotonic", futex(&word, WAIT_BITSET, 5, &past, NULL, -1));
    show_error("wait until, real time", futex(&word, WAIT_BITSET | REALTIME | PRIVATE, 5, &past, NULL, -1));
    show_error("wait with a bad limit", futex(&word, WAIT, 5, &bad, NULL, 0));
    show_error("wait with no bits", futex(&word, WAIT_BITSET, 5, NULL, NULL, 0));
    show_error("wake with no bits", futex(&word, WAKE_BITSET, 1, NULL, NULL, 0));
    show_error("wait, not aligned", futex((int *)((char *)&word + 1), WAIT, 5, NULL, NULL, 0));
    show_error("wait at nothing", futex((int *)16, WAIT, 5, NULL, NULL, 0));
    show_error("wait at nothing, private", futex((int *)16, WAIT | PRIVATE, 5, NULL, NULL, 0));
    show_error("wake at nothing", futex((int *)16, WAKE, 1, NULL, NULL, 0));
    show_error("wake at nothing, private", futex((int *)16, WAKE | PRIVATE, 1, NULL, NULL, 0));
    show_error("no such operation", futex(&word, 77, 1, NULL, NULL, 0));
    show_error("real time of a wake", futex(&word, WAKE | REALTIME, 1, NULL, NULL, 0));
    show("wake of nobody", futex(&word, WAKE, 1, NULL, NULL, 0));
    show_error("requeue for another value", futex(&word, CMP_REQUEUE, 1, (void *)1l, &other, 4));
    show_error("requeue of less than none", futex(&word, CMP_REQUEUE, -1, (void *)1l, &other, 5));
}

static void groups(void)
{
    word = arrived = 0;
    for (int i = 0; i < 6; i++)
        start(&threads[i], waits, i < 2 ? 1 : 2);
    all_wait(6);
    show("wake by bits", futex(&word, WAKE_BITSET, 100, NULL, NULL, 1));
    join(&threads[0]);
    join(&threads[1]);
    show("requeue: one is woken, two are moved", futex(&word, CMP_REQUEUE, 1, (void *)2l, &other, 0));
    show("woken where they were", futex(&word, WAKE, 100, NULL, NULL, 0));
    show("woken where they went", futex(&other, WAKE, 100, NULL, NULL, 0));
    for (int i = 2; i < 6; i++)
        join(&threads[i]);
    show("none had an error", threads[0].seen | threads[1].seen | threads[2].seen | threads[3].seen | threads[4].seen | threads[5].seen);
}

/* --- the end of all */

static void waits_for_ever(struct thread *t)
{
    (void)t;
    for (;;)
        futex(&other, WAIT, other, NULL, NULL, 0);
}

static void loops(struct thread *t)
{
    (void)t;
    for (;;)
        counter++;
}

static void ends_all(struct thread *t)
{
    call(SYS_exit_group, t->argument, 0, 0, 0, 0, 0);
}

static void ends_after_the_first(struct thread *t)
{
    int tid = (int)t->argument;
    while (call(SYS_tgkill, tid, tid, 0, 0, 0, 0) == 0 && word == 0)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    ends_all(&(struct thread){ .argument = 9 });
}

static void in_child(const char *name, void (*first)(struct thread *), void (*second)(struct thread *), void (*then)(void))
{
    pid_t pid = split();
    if (pid == 0) {
        start(&threads[0], waits_for_ever, 0);
        start(&threads[1], loops, 0);
        if (first)
            start(&threads[2], first, 7);
        if (second)
            start(&threads[3], second, getpid());
        if (then)
            then();
        for (;;)
            sleep(100);
    }
    show_status(name, wait_for(pid));
}

static void exits_all(void)
{
    call(SYS_exit_group, 5, 0, 0, 0, 0, 0);
}

static void exits_alone(void)
{
    word = 1;
    call(SYS_exit, 3, 0, 0, 0, 0, 0);
}

static void falls(struct thread *t)
{
    (void)t;
    *(int *volatile)NULL = 1;
}

static char *program;

static void executes(struct thread *t)
{
    char *arguments[] = { program, "again", NULL };
    t->seen = execve(program, arguments, NULL);
}

/* --- signals */

static volatile int heard_by;

static void hears(int number)
{
    (void)number;
    heard_by = (int)call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static void pauses(struct thread *t)
{
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (!t->argument)
        t->seen = (int)futex(&other, WAIT, 0, NULL, NULL, 0);
}

static void signals(void)
{
    struct thread *t = &threads[1];
    struct sigaction action = { .sa_handler = hears };
    sigaction(SIGUSR1, &action, NULL);
    other = arrived = 0;
    for (int i = 0; i < 3; i++)
        start(&threads[i], pauses, 0);
    while (futex(&other, REQUEUE, 0, (void *)1000l, &other, 0) != 3)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    int tid = t->tid;
    t->argument = 1;
    show_error("a signal for one thread", call(SYS_tgkill, getpid(), tid, SIGUSR1, 0, 0, 0));
    join(t);
    show_true("that thread heard it", heard_by == tid);
    show_error("its wait", t->seen);
    show_error("a signal for a thread of another process", call(SYS_tgkill, getppid(), threads[0].tid, 0, 0, 0, 0));
    threads[0].argument = threads[2].argument = 1;
    other = 1;
    futex(&other, WAKE, 100, NULL, NULL, 0);
    join(&threads[0]);
    join(&threads[2]);
    show("the others were woken", threads[0].seen | threads[2].seen);
}

static void stops(void)
{
    int status;
    pid_t pid = split();
    if (pid == 0) {
        start(&threads[0], loops, 0);
        start(&threads[1], waits_for_ever, 0);
        raise(SIGSTOP);
        call(SYS_exit_group, 8, 0, 0, 0, 0, 0);
    }
    show_true("stopped", waitpid(pid, &status, WUNTRACED) == pid);
    show_status("all", status);
    kill(pid, SIGCONT);
    show_status("and on again", wait_for(pid));
}

static void ends(void)
{
    in_child("exit_group by the first", NULL, NULL, exits_all);
    in_child("exit_group by another", ends_all, NULL, NULL);
    in_child("a fault of another", falls, NULL, NULL);
    in_child("the first leaves, another ends it", NULL, ends_after_the_first, exits_alone);
    in_child("exec by another", executes, NULL, NULL);
    pid_t pid = split();
    if (pid == 0)
        call(SYS_exit, 6, 0, 0, 0, 0, 0);
    show_status("the last one leaves", wait_for(pid));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        show_true("after exec its id is the process's", gettid() == getpid());
        done(4);
    }
    program = argv[0];
    begin();
    begin_and_end();
    mutex();
    errors();
    groups();
    signals();
    stops();
    ends();
    return 0;
}
