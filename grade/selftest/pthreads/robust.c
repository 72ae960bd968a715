/* Robust mutexes: their owner's end is told to who comes next. Between threads and between processes. */
#include "pthreads.h"

struct common {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_int ready;
    int value;
};

static struct common *common;

static void make(int process_shared)
{
    pthread_mutexattr_t attributes;
    pthread_condattr_t of_condition;

    memset(common, 0, sizeof(*common));
    pthread_mutexattr_init(&attributes);
    show_error("robust", pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
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

static void between_threads(void)
{
    pthread_t owner, waiter;

    printf("-- between threads\n");
    make(PTHREAD_PROCESS_PRIVATE);
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

static void between_processes(void)
{
    static const struct { const char *name; void (*function)(void); } ways[] = {
        { "killed", dies }, { "another program", executes_itself }, { "left", leaves },
    };

    printf("-- between processes\n");
    make(PTHREAD_PROCESS_SHARED);
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
static void with_conditions(void)
{
    pthread_t threads[4];

    printf("-- conditions\n");
    make(PTHREAD_PROCESS_PRIVATE);
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

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1)
        return 3;
    common = shared(sizeof(*common));
    between_threads();
    between_processes();
    with_conditions();
    return 0;
}
