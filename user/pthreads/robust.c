/* Robust mutexes: their owner's end is told to who comes next. Mutexes that lend priority. Both, between threads and between processes. */
#include "pthreads.h"

struct common {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_int ready;
    int value;
};

static struct common *common;

static void make(int robust, int protocol, int process_shared)
{
    pthread_mutexattr_t attributes;
    pthread_condattr_t of_condition;

    memset(common, 0, sizeof(*common));
    pthread_mutexattr_init(&attributes);
    show_error("robust", pthread_mutexattr_setrobust(&attributes, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED));
    show_error("protocol", pthread_mutexattr_setprotocol(&attributes, protocol));
    pthread_mutexattr_setpshared(&attributes, process_shared);
    show_error("init", pthread_mutex_init(&common->mutex, &attributes));
    pthread_condattr_init(&of_condition);
    pthread_condattr_setpshared(&of_condition, process_shared);
    pthread_cond_init(&common->changed, &of_condition);
}

static void *takes_and_leaves(void *unused)
{
    (void)unused;
    show_error("taken", pthread_mutex_lock(&common->mutex));
    return NULL;
}

static void *waits_for_it(void *unused)
{
    (void)unused;
    common->ready = 1;
    int error = pthread_mutex_lock(&common->mutex);
    if (error == EOWNERDEAD)
        pthread_mutex_consistent(&common->mutex);
    if (!error || error == EOWNERDEAD)
        pthread_mutex_unlock(&common->mutex);
    return (void *)(long)error;
}

static void *takes_waits_leaves(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&common->mutex);
    common->ready = 2;
    wait_until(&common->ready, 1);
    usleep(2000); /* the other one waits by now, or comes later: the same */
    return NULL;
}

static void between_threads(int protocol)
{
    pthread_t owner, waiter;

    printf("-- between threads, protocol %d\n", protocol != PTHREAD_PRIO_NONE);
    make(1, protocol, PTHREAD_PROCESS_PRIVATE);
    join(start(takes_and_leaves, NULL));
    show_error("its owner left", pthread_mutex_lock(&common->mutex));
    show_error("made good", pthread_mutex_consistent(&common->mutex));
    show_error("unlock", pthread_mutex_unlock(&common->mutex));
    show_error("as ever", pthread_mutex_lock(&common->mutex));
    show_error("not to be made good", pthread_mutex_consistent(&common->mutex));
    show_error("unlock", pthread_mutex_unlock(&common->mutex));
    owner = start(takes_waits_leaves, NULL);
    wait_until(&common->ready, 2);
    waiter = start(waits_for_it, NULL);
    join(owner);
    show_error("who waits is told", (int)join(waiter));
    join(start(takes_and_leaves, NULL));
    show_error("tried", pthread_mutex_trylock(&common->mutex));
    show_error("not made good", pthread_mutex_unlock(&common->mutex));
    show_error("lost", pthread_mutex_lock(&common->mutex));
    show_error("lost for good", pthread_mutex_trylock(&common->mutex));
    show_error("destroy", pthread_mutex_destroy(&common->mutex));
}

static void dies(void)
{
    pthread_mutex_lock(&common->mutex);
    common->value++;
    raise(SIGKILL);
}

static void leaves(void)
{
    pthread_mutex_lock(&common->mutex);
    common->value++;
}

static const char *program;

static void executes_itself(void)
{
    pthread_mutex_lock(&common->mutex);
    common->value++;
    execl(program, program, "again", (char *)NULL);
}

static void between_processes(int protocol)
{
    static const struct { const char *name; void (*function)(void); } ways[] = {
        { "killed", dies }, { "another program", executes_itself }, { "left", leaves },
    };

    printf("-- between processes, protocol %d\n", protocol != PTHREAD_PRIO_NONE);
    make(1, protocol, PTHREAD_PROCESS_SHARED);
    for (unsigned i = 0; i < 3; i++) {
        in_child(ways[i].name, ways[i].function);
        show_error("its owner is gone", pthread_mutex_lock(&common->mutex));
        show_error("made good", pthread_mutex_consistent(&common->mutex));
        show("what it did", common->value);
        show_error("unlock", pthread_mutex_unlock(&common->mutex));
    }
    fflush(stdout);
    common->ready = 0;
    pid_t pid = fork();
    if (!pid) {
        pthread_mutex_lock(&common->mutex);
        common->ready = 2;
        wait_until(&common->ready, 1);
        usleep(2000);
        raise(SIGKILL);
    }
    wait_until(&common->ready, 2);
    show_error("who waits is told", (int)join(start(waits_for_it, NULL)));
    waitpid(pid, NULL, 0);
}

static void *passes_it_on(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&common->mutex);
        common->value++;
        pthread_cond_broadcast(&common->changed);
        pthread_mutex_unlock(&common->mutex);
    }
    return NULL;
}

/* Condition variables, whose waiters come back for the mutex. */
static void with_conditions(int robust, int protocol)
{
    pthread_t threads[4];

    printf("-- conditions, robust %d, protocol %d\n", robust, protocol != PTHREAD_PRIO_NONE);
    make(robust, protocol, PTHREAD_PROCESS_PRIVATE);
    for (int i = 0; i < 4; i++)
        threads[i] = start(passes_it_on, NULL);
    pthread_mutex_lock(&common->mutex);
    while (common->value < 400)
        pthread_cond_wait(&common->changed, &common->mutex);
    pthread_mutex_unlock(&common->mutex);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    show("passed on", common->value);
}

static void *tries_until(void *unused)
{
    struct timespec limit = soon(CLOCK_REALTIME, 10);

    (void)unused;
    return (void *)(long)pthread_mutex_timedlock(&common->mutex, &limit);
}

static void *tries(void *unused)
{
    (void)unused;
    return (void *)(long)pthread_mutex_trylock(&common->mutex);
}

static void lending(void)
{
    printf("-- lending\n");
    make(0, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
    show_error("lock", pthread_mutex_lock(&common->mutex));
    show_error("another tries", (int)join(start(tries, NULL)));
    show_error("another tries for a time", (int)join(start(tries_until, NULL)));
    show_error("unlock", pthread_mutex_unlock(&common->mutex));
    show_error("destroy", pthread_mutex_destroy(&common->mutex));
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1)
        return 3;
    common = shared(sizeof(*common));
    between_threads(PTHREAD_PRIO_NONE);
    between_processes(PTHREAD_PRIO_NONE);
    with_conditions(1, PTHREAD_PRIO_NONE);
    lending();
    with_conditions(0, PTHREAD_PRIO_INHERIT);
    between_threads(PTHREAD_PRIO_INHERIT);
    between_processes(PTHREAD_PRIO_INHERIT);
    return 0;
}
