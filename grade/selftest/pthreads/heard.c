/* Signals and threads: for one, for any that wants it, waited for, with handlers on stacks of their own. */
#include "pthreads.h"

static atomic_int ready, heard, by_other;
static __thread int i_hear;
static atomic_int stop;

static void counts(int number)
{
    (void)number;
    heard++;
    if (!i_hear)
        by_other++;
}

static void handler(int number, void (*function)(int), int flags)
{
    struct sigaction action = { .sa_handler = function, .sa_flags = flags };

    need(sigaction(number, &action, NULL), "sigaction");
}

static void block(int how, int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    need(pthread_sigmask(how, &set, NULL), "pthread_sigmask");
}

/* --- for one */

static void *loops(void *unused)
{
    (void)unused;
    i_hear = 1;
    ready++;
    while (!stop)
        sched_yield();
    return NULL;
}

static void for_one(void)
{
    pthread_t threads[3];

    ready = heard = by_other = stop = 0;
    handler(SIGUSR1, counts, 0);
    for (int i = 0; i < 3; i++)
        threads[i] = start(loops, NULL);
    wait_until(&ready, 3);
    for (int i = 0; i < 30; i++) {
        int before = heard;
        need(pthread_kill(threads[i % 3], SIGUSR1), "pthread_kill");
        wait_until(&heard, before + 1);
    }
    show("heard", heard);
    show("by another", by_other);
    show_error("no signal", pthread_kill(threads[0], 0));
    show_error("no such signal", pthread_kill(threads[0], 100));
    stop = 1;
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}

/* --- for the process: only one lets it through */

static void *lets_through(void *unused)
{
    i_hear = 1; /* one is pending */
    block(SIG_UNBLOCK, SIGUSR2);
    return loops(unused);
}

static void for_the_process(void)
{
    pthread_t threads[4];
    sigset_t pending;

    ready = heard = by_other = stop = 0;
    handler(SIGUSR2, counts, 0);
    block(SIG_BLOCK, SIGUSR2);
    for (int i = 0; i < 3; i++)
        threads[i] = start(loops, NULL);
    wait_until(&ready, 3);
    kill(getpid(), SIGUSR2);
    sigpending(&pending);
    show("pending for all", sigismember(&pending, SIGUSR2));
    show("heard by none", heard);
    threads[3] = start(lets_through, NULL);
    wait_until(&heard, 1);
    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR2);
        wait_until(&heard, i + 2);
    }
    show("heard by the one", heard);
    sigpending(&pending);
    show("pending for all", sigismember(&pending, SIGUSR2));
    stop = 1;
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    show("by another", by_other);
    pthread_kill(pthread_self(), SIGUSR2);
    sigpending(&pending);
    show("for the first alone", sigismember(&pending, SIGUSR2));
    block(SIG_UNBLOCK, SIGUSR2);
    show("heard at once", heard);
}

/* --- waited for */

static void *waits(void *set)
{
    int number = 0, sum = 0;

    for (int i = 0; i < 3; i++) {
        ready++;
        need(sigwait(set, &number), "sigwait");
        sum = sum * 100 + number;
    }
    return (void *)(long)sum;
}

static void *waits_with_info(void *set)
{
    siginfo_t info = { 0 };
    int number;

    ready++;
    number = sigwaitinfo(set, &info);
    return (void *)(long)(number + 100 * (info.si_code == SI_QUEUE ? 1 : info.si_code == SI_USER ? 2 : info.si_code == SI_TKILL ? 3 : 9) +
                          1000 * (info.si_pid == getpid()) + 10000 * (info.si_value.sival_int == 77));
}

static void waited_for(void)
{
    struct timespec short_time = { 0, 5000000 };
    sigset_t set, before;
    pthread_t thread;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGRTMIN + 5);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    show_call("nothing comes", sigtimedwait(&set, NULL, &short_time));
    ready = 0;
    thread = start(waits, &set);
    wait_until(&ready, 1);
    kill(getpid(), SIGTERM);
    wait_until(&ready, 2);
    pthread_kill(thread, SIGHUP);
    wait_until(&ready, 3);
    kill(getpid(), SIGTERM);
    show("waited for", join(thread));
    ready = 0;
    thread = start(waits_with_info, &set);
    wait_until(&ready, 1);
    show_call("queue", sigqueue(getpid(), SIGRTMIN + 5, (union sigval){ .sival_int = 77 }));
    show("from a queue", join(thread) - SIGRTMIN - 5);
    ready = 0;
    thread = start(waits_with_info, &set);
    wait_until(&ready, 1);
    pthread_kill(thread, SIGHUP);
    show("from a thread", join(thread));
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN + 5, (union sigval){ .sival_int = i });
    for (int i = 0; i < 3; i++) {
        siginfo_t info = { 0 };
        show("in order", sigtimedwait(&set, &info, &short_time) == SIGRTMIN + 5 ? info.si_value.sival_int : -1);
    }
    show_call("and no more", sigtimedwait(&set, NULL, &short_time));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- calls that are interrupted */

static int pipe_ends[2];

static void *reads(void *unused)
{
    char c = 0;

    (void)unused;
    i_hear = 1;
    ready++;
    long n = read(pipe_ends[0], &c, 1);
    long result = n < 0 ? -(long)errno : (long)c;
    ready++;
    return (void *)result;
}

static void interrupted(void)
{
    pthread_t thread;

    need(pipe(pipe_ends), "pipe");
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        ready = heard = 0;
        handler(SIGUSR1, counts, flags);
        thread = start(reads, NULL);
        wait_until(&ready, 1);
        for (int i = 0; flags ? i < 3 : ready == 1; i++) {
            usleep(3000); /* perhaps it reads by now, perhaps not yet: then it hears the next one */
            pthread_kill(thread, SIGUSR1);
            if (flags)
                wait_until(&heard, i + 1);
        }
        if (flags)
            need(write(pipe_ends[1], "x", 1) != 1, "write");
        long result = join(thread);
        if (result > 0)
            show("goes on and reads", result == 'x');
        else
            show_error("gives up", (int)-result);
        show("heard", heard > 0);
    }
}

/* --- a stack of its own */

static __thread char *my_stack;
static atomic_int on_it;

static void looks_where(int number)
{
    char here;

    (void)number;
    on_it += &here > my_stack && &here < my_stack + 32768;
    heard++;
}

static void *has_a_stack(void *unused)
{
    my_stack = malloc(32768);
    stack_t stack = { .ss_sp = my_stack, .ss_size = 32768 };

    (void)unused;
    need(sigaltstack(&stack, NULL), "sigaltstack");
    raise(SIGUSR1);
    stack.ss_flags = SS_DISABLE;
    need(sigaltstack(&stack, NULL), "sigaltstack");
    free(my_stack);
    return NULL;
}

static void stacks(void)
{
    pthread_t threads[4];

    heard = 0;
    handler(SIGUSR1, looks_where, SA_ONSTACK);
    for (int i = 0; i < 4; i++)
        threads[i] = start(has_a_stack, NULL);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    show("heard", heard);
    show("on its own stack", on_it);
}

/* --- the end of all */

static _Noreturn void *pauses(void *unused)
{
    (void)unused;
    ready++;
    for (;;)
        pause();
}

static void killed_through_a_thread(void)
{
    pthread_t thread;

    ready = 0;
    thread = start(pauses, NULL);
    wait_until(&ready, 1);
    pthread_kill(thread, SIGTERM);
    for (;;)
        pause();
}

static void kill_of_a_thread_that_cannot_refuse(void)
{
    pthread_t thread;

    ready = 0;
    thread = start(pauses, NULL);
    wait_until(&ready, 1);
    pthread_kill(thread, SIGKILL);
    for (;;)
        pause();
}

static void alarm_for_a_thread(void)
{
    pthread_t thread;
    sigset_t set;
    int number = 0;

    block(SIG_BLOCK, SIGALRM);
    ready = stop = heard = 0;
    handler(SIGALRM, counts, 0);
    thread = start(loops, NULL);
    wait_until(&ready, 1);
    setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 5000 } }, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigwait(&set, &number);
    show("the alarm", number == SIGALRM);
    stop = 1;
    join(thread);
}

int main(void)
{
    for_one();
    for_the_process();
    waited_for();
    interrupted();
    stacks();
    alarm_for_a_thread();
    in_child("a signal for a thread that ends all", killed_through_a_thread);
    in_child("one that nobody can refuse", kill_of_a_thread_that_cannot_refuse);
    return 0;
}
