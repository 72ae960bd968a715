/* Cancellation: where it is heard, what is done then, what is not cancelled. */
#include "pthreads.h"

static atomic_int ready, cleaned;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t nothing;
static int pipe_ends[2];

static void cleans(void *amount)
{
    cleaned += (int)(long)amount;
}

static void unlocks(void *unused)
{
    (void)unused;
    cleaned += pthread_mutex_unlock(&mutex) ? 1000 : 1;
}

static void *waits_in_read(void *unused)
{
    char c;

    (void)unused;
    pthread_cleanup_push(cleans, (void *)1);
    pthread_cleanup_push(cleans, (void *)10);
    ready = 1;
    (void)!read(pipe_ends[0], &c, 1);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *waits_for_condition(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlocks, NULL);
    ready = 1;
    for (;;)
        pthread_cond_wait(&never, &mutex);
    pthread_cleanup_pop(0);
    return NULL;
}

static _Noreturn void *waits_for_semaphore(void *unused)
{
    (void)unused;
    ready = 1;
    for (;;)
        sem_wait(&nothing);
}

static _Noreturn void *sleeps(void *unused)
{
    (void)unused;
    ready = 1;
    for (;;)
        sleep(100);
}

static _Noreturn void *pauses(void *unused)
{
    (void)unused;
    ready = 1;
    for (;;)
        pause();
}

static void *joins(void *thread)
{
    ready = 1;
    join(*(pthread_t *)thread);
    return NULL;
}

static _Noreturn void *tests(void *unused)
{
    (void)unused;
    ready = 1;
    for (;;)
        pthread_testcancel();
}

static _Noreturn void *computes(void *unused)
{
    (void)unused;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    ready = 1;
    compute();
}

static void *does_not_hear(void *unused)
{
    int before;

    (void)unused;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    ready = 1;
    wait_until(&ready, 2);
    pthread_testcancel();
    usleep(1000);
    cleaned += 5;
    pthread_setcancelstate(before, NULL);
    pthread_testcancel();
    cleaned += 100;
    return NULL;
}

static void *cancels_itself(void *unused)
{
    (void)unused;
    pthread_cleanup_push(cleans, (void *)3);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *ends(void *unused)
{
    (void)unused;
    pthread_cleanup_push(cleans, (void *)2);
    pthread_cleanup_pop(1);
    pthread_cleanup_push(cleans, (void *)4);
    pthread_exit((void *)5);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel(const char *name, void *(*function)(void *), void *argument)
{
    pthread_t thread;

    ready = cleaned = 0;
    thread = start(function, argument);
    wait_until(&ready, 1);
    if (function == waits_for_condition) { /* it waits as soon as this is to be had */
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    show_error(name, pthread_cancel(thread));
    ready = 2;
    show("  cancelled", join(thread) == (long)PTHREAD_CANCELED);
    show("  cleaned", cleaned);
}

int main(void)
{
    pthread_t endless = start(pauses, NULL), many[6];
    long all = 0;

    need(pipe(pipe_ends), "pipe");
    sem_init(&nothing, 0, 0);
    cancel("in read", waits_in_read, NULL);
    cancel("at a condition variable", waits_for_condition, NULL);
    show_error("the mutex is free", pthread_mutex_trylock(&mutex));
    pthread_mutex_unlock(&mutex);
    cancel("at a semaphore", waits_for_semaphore, NULL);
    cancel("asleep", sleeps, NULL);
    cancel("in pause", pauses, NULL);
    cancel("in join", joins, &endless);
    cancel("where it asks", tests, NULL);
    cancel("anywhere", computes, NULL);
    cancel("when it is let", does_not_hear, NULL);
    cleaned = 0;
    show("itself", join(start(cancels_itself, NULL)) == (long)PTHREAD_CANCELED);
    show("  cleaned", cleaned);
    cleaned = 0;
    show("ends", join(start(ends, NULL)));
    show("  cleaned", cleaned);
    for (int i = 0; i < 6; i++)
        many[i] = start(i % 2 ? sleeps : computes, NULL);
    for (int i = 0; i < 6; i++)
        pthread_cancel(many[i]);
    for (int i = 0; i < 6; i++)
        all += join(many[i]) == (long)PTHREAD_CANCELED;
    show("at once", all);
    pthread_cancel(endless);
    show("the first of them", join(endless) == (long)PTHREAD_CANCELED);
    return 0;
}
