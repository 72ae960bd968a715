/* Threads' lives: begin, end, join, what each has for itself, fork and exec from one of several, the end of all. */
#include "pthreads.h"

/* --- what is each thread's own */

static __thread long own = 7;
static __thread char much[3000] = "as it was";
static pthread_key_t key, second_key;
static atomic_int destroyed, rounds;

static void destroys(void *value)
{
    destroyed += (int)(long)value;
}

/* Sets its own anew: it is called again, but not for ever. */
static void destroys_late(void *value)
{
    rounds++;
    if ((long)value > 1)
        pthread_setspecific(second_key, (void *)((long)value - 1));
}

static void *has_its_own(void *number)
{
    long wrong = own != 7 || strcmp(much, "as it was");

    own = (long)number;
    strcpy(much, "not any more");
    errno = (int)(long)number;
    pthread_setspecific(key, number);
    pthread_setspecific(second_key, (void *)3);
    for (int i = 0; i < 20; i++) {
        sched_yield();
        wrong |= own != (long)number || errno != (int)(long)number || pthread_getspecific(key) != number;
    }
    return (void *)wrong;
}

static void own_things(void)
{
    pthread_t threads[8];
    long wrong = 0;

    pthread_key_create(&key, destroys);
    pthread_key_create(&second_key, destroys_late);
    for (long i = 0; i < 8; i++)
        threads[i] = start(has_its_own, (void *)(i + 1));
    for (int i = 0; i < 8; i++)
        wrong |= join(threads[i]);
    show("each has its own", wrong);
    show("the first's is as it was", own);
    show("destructors", destroyed);
    show("late destructors", rounds);
}

/* --- begin and end */

static atomic_int ended;

static void *ends_with(void *value)
{
    return value;
}

static void *leaves_deep(void *value)
{
    pthread_exit(value);
}

static void *ends_alone(void *unused)
{
    (void)unused;
    ended++;
    return NULL;
}

static void *joins(void *thread)
{
    return (void *)(join(*(pthread_t *)thread) + 1);
}

static void *touches_its_stack(void *unused)
{
    volatile char room[64 * 1024];

    for (size_t i = 0; i < sizeof(room); i += 4096)
        room[i] = 1;
    (void)unused;
    return (void *)(long)room[0];
}

static void begin_and_end(void)
{
    pthread_attr_t attributes;
    pthread_t thread, other;
    long sum = 0;

    show("what a thread returns", join(start(ends_with, (void *)42)));
    show("what a thread leaves with", join(start(leaves_deep, (void *)43)));
    for (long i = 0; i < 100; i++)
        sum += join(start(ends_with, (void *)i));
    show("a hundred, one after the other", sum);
    thread = start(ends_with, (void *)1);
    other = start(joins, &thread);
    show("joined by another", join(other));
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 10; i++)
        need(pthread_create(&thread, &attributes, ends_alone, NULL), "pthread_create");
    for (int i = 0; i < 10; i++)
        need(pthread_detach(start(ends_alone, NULL)), "pthread_detach");
    wait_until(&ended, 20);
    show("detached", ended);
    pthread_attr_destroy(&attributes);
    pthread_attr_init(&attributes);
    show_error("a stack of 1 MiB", pthread_attr_setstacksize(&attributes, 1 << 20));
    need(pthread_create(&thread, &attributes, touches_its_stack, NULL), "pthread_create");
    show("it is there", join(thread));
    pthread_attr_destroy(&attributes);
}

static void *says_what_it_is(void *parent)
{
    long tid = syscall(SYS_gettid);

    return (void *)(long)((getpid() == *(pid_t *)parent) | (tid != getpid()) << 1 | (syscall(SYS_tgkill, getpid(), tid, 0) == 0) << 2);
}

static void identities(void)
{
    pid_t me = getpid();
    char name[16] = "";

    show("one process, two threads", join(start(says_what_it_is, &me)));
    show_error("a name", pthread_setname_np(pthread_self(), "somebody"));
    show_error("asked for", pthread_getname_np(pthread_self(), name, sizeof(name)));
    printf("it is called %s\n", name);
    show_error("too long a name", pthread_setname_np(pthread_self(), "somebody with a long name"));
}

static _Noreturn void *sleeps(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

static void *is_named(void *ready)
{
    *(atomic_int *)ready = 1;
    pause();
    return NULL;
}

static void names_of_others(void)
{
    static atomic_int ready;
    pthread_t thread = start(is_named, &ready);
    char name[16] = "";

    wait_until(&ready, 1);
    show_error("another's name", pthread_setname_np(thread, "another"));
    show_error("asked for", pthread_getname_np(thread, name, sizeof(name)));
    printf("it is called %s\n", name);
    pthread_cancel(thread);
    join(thread);
}

/* --- the end of all, from here and there */

static const char *program; /* this one */
static atomic_int begun;

static _Noreturn void *computes(void *unused)
{
    (void)unused;
    begun++;
    compute();
}

static void crowd(void)
{
    begun = 0;
    start(computes, NULL);
    start(sleeps, NULL);
    start(sleeps, NULL);
    wait_until(&begun, 1);
}

static void *exits(void *code)
{
    exit((int)(long)code);
}

static void exit_by_another(void)
{
    crowd();
    start(exits, (void *)9);
    for (;;)
        pause();
}

static void return_of_main(void)
{
    crowd();
    exit(4);
}

static void *exits_when_alone(void *main_thread)
{
    join(*(pthread_t *)main_thread);
    printf("the first has left\n");
    return NULL;
}

/* In a program of its own: one C library forgets to tell the kernel anew where a forked child's first thread wants its end to be noted. */
static void main_leaves(void)
{
    static pthread_t me;

    me = pthread_self();
    start(exits_when_alone, &me);
    pthread_exit(NULL);
}

static void first_leaves(void)
{
    execl(program, program, "leave", (char *)NULL);
}

static void *faults(void *unused)
{
    (void)unused;
    *(volatile int *)(getpid() * 0l) = 1;
    return NULL;
}

static void fault_of_another(void)
{
    crowd();
    start(faults, NULL);
    for (;;)
        pause();
}

static void abort_of_another(void)
{
    crowd();
    start((void *(*)(void *))(void (*)(void))abort, NULL);
    for (;;)
        pause();
}

/* --- fork and exec */

static void *forks(void *unused)
{
    int status = 0;
    pid_t pid = fork();

    (void)unused;
    if (!pid)
        _exit(syscall(SYS_gettid) == getpid() && own == 7 ? 21 : 22);
    waitpid(pid, &status, 0);
    return (void *)(long)WEXITSTATUS(status);
}

static void fork_in_a_crowd(void)
{
    crowd();
    show("a child of a thread", join(start(forks, NULL)));
    exit(0);
}

static atomic_int prepared;

static void prepares(void)
{
    prepared += 1;
}

static void after_in_parent(void)
{
    prepared += 10;
}

static void after_in_child(void)
{
    prepared += 100;
}

static void fork_handlers(void)
{
    int status = 0;
    pid_t pid;

    pthread_atfork(prepares, after_in_parent, after_in_child);
    pid = fork();
    if (!pid)
        _exit(prepared);
    waitpid(pid, &status, 0);
    show("handlers in the child", WEXITSTATUS(status));
    show("handlers in the parent", prepared);
}

static void *executes(void *argument)
{
    execl(program, program, (char *)argument, (char *)NULL);
    return NULL;
}

static void exec_by_first(void)
{
    crowd();
    executes("again");
}

static void exec_by_another(void)
{
    crowd();
    start(executes, "again");
    for (;;)
        pause();
}

/* One of two gets through, and is alone. Linux makes no thread while another is about to get through. */
static void exec_by_two(void)
{
    pthread_t second;

    crowd();
    start(executes, "again");
    int error = pthread_create(&second, NULL, executes, "again");
    if (error != EAGAIN)
        need(error, "pthread_create");
    for (;;)
        pause();
}

static void *tries_nothing(void *unused)
{
    (void)unused;
    execl("/no/such/program", "none", (char *)NULL);
    return (void *)(long)errno;
}

static void exec_of_nothing(void)
{
    crowd();
    show("there is no such program", join(start(tries_nothing, NULL)) == ENOENT);
    exit(0);
}

/* exit() beside exec(): whoever is first. */
static void exec_against_exit(void)
{
    crowd();
    start(executes, "quietly");
    exit(0);
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1) {
        if (!strcmp(argv[1], "leave"))
            main_leaves();
        if (!strcmp(argv[1], "again"))
            printf("again: alone %d, the process's own id %d\n", own == 7, syscall(SYS_gettid) == getpid());
        return 0;
    }
    own_things();
    begin_and_end();
    identities();
    names_of_others();
    in_child("exit by another", exit_by_another);
    in_child("exit by the first", return_of_main);
    in_child("the first leaves", first_leaves);
    in_child("a fault of another", fault_of_another);
    in_child("another gives up", abort_of_another);
    in_child("fork in a crowd", fork_in_a_crowd);
    in_child("fork handlers", fork_handlers);
    in_child("exec by the first", exec_by_first);
    in_child("exec by another", exec_by_another);
    in_child("exec of nothing", exec_of_nothing);
    for (int i = 0; i < 3; i++) {
        in_child("exec by two", exec_by_two);
        in_child("exec against exit", exec_against_exit);
    }
    return 0;
}
