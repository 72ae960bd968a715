/* Mutexes of every kind, condition variables, barriers, reader-writer locks, semaphores, spinlocks. */
#include "pthreads.h"

#define THREADS 6
#define ROUNDS 400

/* --- mutexes */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *counts(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        long seen = counter;
        if (i % 16 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void all(void *(*function)(void *), int n)
{
    pthread_t threads[16];

    for (int i = 0; i < n; i++)
        threads[i] = start(function, (void *)(long)i);
    for (int i = 0; i < n; i++)
        join(threads[i]);
}

static void *tries(void *at)
{
    return (void *)(long)pthread_mutex_trylock(at);
}

static void *tries_until(void *at)
{
    struct timespec limit = soon(CLOCK_REALTIME, 20);

    return (void *)(long)pthread_mutex_timedlock(at, &limit);
}

static void *unlocks(void *at)
{
    return (void *)(long)pthread_mutex_unlock(at);
}

static void kind(const char *name, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t m;

    printf("-- a mutex, %s\n", name);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    show_error("init", pthread_mutex_init(&m, &attributes));
    show_error("lock", pthread_mutex_lock(&m));
    if (type != PTHREAD_MUTEX_NORMAL)
        show_error("lock again", pthread_mutex_lock(&m));
    show_error("another tries", (int)join(start(tries, &m)));
    show_error("another tries for a time", (int)join(start(tries_until, &m)));
    if (type != PTHREAD_MUTEX_NORMAL)
        show_error("another unlocks", (int)join(start(unlocks, &m)));
    show_error("unlock", pthread_mutex_unlock(&m));
    if (type != PTHREAD_MUTEX_NORMAL)
        show_error("unlock again", pthread_mutex_unlock(&m));
    show_error("destroy", pthread_mutex_destroy(&m));
}

/* --- condition variables */

static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static int slots[4], used;

static void *produces(void *number)
{
    for (int i = 0; i < 60; i++) {
        pthread_mutex_lock(&mutex);
        while (used == 4)
            pthread_cond_wait(&emptied, &mutex);
        slots[used++] = (int)(long)number * 1000 + i;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *consumes(void *unused)
{
    long sum = 0;

    (void)unused;
    for (int i = 0; i < 60; i++) {
        pthread_mutex_lock(&mutex);
        while (!used)
            pthread_cond_wait(&filled, &mutex);
        sum += slots[--used];
        pthread_cond_signal(&emptied);
        pthread_mutex_unlock(&mutex);
    }
    return (void *)sum;
}

static int waiting, go;

static void *waits_for_all(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    waiting++;
    pthread_cond_signal(&emptied);
    while (!go)
        pthread_cond_wait(&filled, &mutex);
    waiting--;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void conditions(void)
{
    pthread_t threads[8];
    pthread_condattr_t attributes;
    pthread_cond_t monotonic;
    struct timespec limit;
    long sum = 0;

    printf("-- condition variables\n");
    for (int i = 0; i < 4; i++) {
        threads[i] = start(produces, (void *)(long)i);
        threads[4 + i] = start(consumes, NULL);
    }
    for (int i = 0; i < 8; i++)
        sum += join(threads[i]);
    show("what was made and taken", sum);
    for (int i = 0; i < 8; i++)
        threads[i] = start(waits_for_all, NULL);
    pthread_mutex_lock(&mutex);
    while (waiting < 8)
        pthread_cond_wait(&emptied, &mutex);
    go = 1;
    pthread_cond_broadcast(&filled);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 8; i++)
        join(threads[i]);
    show("still waiting", waiting);
    pthread_mutex_lock(&mutex);
    limit = soon(CLOCK_REALTIME, 10);
    show_error("nobody comes", pthread_cond_timedwait(&filled, &mutex, &limit));
    limit = soon(CLOCK_REALTIME, -10);
    show_error("too late already", pthread_cond_timedwait(&filled, &mutex, &limit));
    limit.tv_nsec = 1000000000;
    show_error("no time", pthread_cond_timedwait(&filled, &mutex, &limit));
    pthread_condattr_init(&attributes);
    show_error("clock", pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    pthread_cond_init(&monotonic, &attributes);
    limit = soon(CLOCK_MONOTONIC, 10);
    show_error("nobody comes, monotonic", pthread_cond_timedwait(&monotonic, &mutex, &limit));
    pthread_mutex_unlock(&mutex);
    show_error("destroy", pthread_cond_destroy(&monotonic));
}

/* --- barriers */

static pthread_barrier_t barrier;
static atomic_int serials, arrived, early;

static void *meets(void *unused)
{
    (void)unused;
    for (int round = 1; round <= 20; round++) {
        arrived++;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            serials++;
        if (arrived < round * THREADS)
            early++;
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void barriers(void)
{
    printf("-- barriers\n");
    show_error("of none", pthread_barrier_init(&barrier, NULL, 0));
    show_error("of six", pthread_barrier_init(&barrier, NULL, THREADS));
    all(meets, THREADS);
    show("one of each round is told", serials);
    show("who went on before all had come", early);
    show_error("destroy", pthread_barrier_destroy(&barrier));
}

/* --- reader-writer locks */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long left, right;
static atomic_int torn;

static void *reads_or_writes(void *number)
{
    for (int i = 0; i < 100; i++) {
        if ((i + (long)number) % 4) {
            pthread_rwlock_rdlock(&rwlock);
            if (left != right)
                torn++;
        } else {
            pthread_rwlock_wrlock(&rwlock);
            left++;
            sched_yield();
            right++;
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return NULL;
}

static void *tries_to_read(void *unused)
{
    (void)unused;
    int error = pthread_rwlock_tryrdlock(&rwlock);
    if (!error)
        pthread_rwlock_unlock(&rwlock);
    return (void *)(long)error;
}

static void *tries_to_write(void *unused)
{
    struct timespec limit = soon(CLOCK_REALTIME, 10);
    int error = pthread_rwlock_trywrlock(&rwlock);

    (void)unused;
    if (error == EBUSY)
        error = 1000 + pthread_rwlock_timedwrlock(&rwlock, &limit);
    return (void *)(long)error;
}

static void rwlocks(void)
{
    printf("-- reader-writer locks\n");
    all(reads_or_writes, THREADS);
    show("written", left);
    show("seen half written", torn);
    pthread_rwlock_rdlock(&rwlock);
    show_error("a reader beside a reader", (int)join(start(tries_to_read, NULL)));
    show_error("a writer beside a reader", (int)join(start(tries_to_write, NULL)) - 1000);
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_wrlock(&rwlock);
    show_error("a reader beside a writer", (int)join(start(tries_to_read, NULL)));
    pthread_rwlock_unlock(&rwlock);
}

/* --- semaphores and spinlocks */

static sem_t items, places;
static atomic_long taken;

static void *puts_items(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++) {
        sem_wait(&places);
        sem_post(&items);
    }
    return NULL;
}

static void *takes_items(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++) {
        sem_wait(&items);
        taken++;
        sem_post(&places);
    }
    return NULL;
}

static void *either(void *number)
{
    return (long)number % 2 ? puts_items(NULL) : takes_items(NULL);
}

static void semaphores(void)
{
    struct timespec limit = soon(CLOCK_REALTIME, 10);
    sem_t *common = shared(sizeof(sem_t));
    int value = 0;

    printf("-- semaphores\n");
    sem_init(&items, 0, 0);
    sem_init(&places, 0, 3);
    all(either, THREADS);
    show("taken", taken);
    show_call("none is left", sem_trywait(&items));
    show_call("nor in a while", sem_timedwait(&items, &limit));
    sem_getvalue(&places, &value);
    show("places", value);
    sem_init(common, 1, 0);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        for (int i = 0; i < 10; i++)
            sem_post(common);
        _exit(0);
    }
    for (int i = 0; i < 10; i++)
        sem_wait(common);
    waitpid(pid, NULL, 0);
    show_call("another process has posted ten", sem_trywait(common));
}

static pthread_spinlock_t spinlock;
static long spun;

static void *spins(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++) {
        pthread_spin_lock(&spinlock);
        spun++;
        pthread_spin_unlock(&spinlock);
    }
    return NULL;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int times;

static void first_time(void)
{
    sched_yield();
    times++;
}

static void *does_once(void *unused)
{
    (void)unused;
    pthread_once(&once, first_time);
    return (void *)(long)times;
}

int main(void)
{
    all(counts, THREADS);
    show("counted under a mutex", counter);
    kind("normal", PTHREAD_MUTEX_NORMAL);
    kind("recursive", PTHREAD_MUTEX_RECURSIVE);
    kind("checking", PTHREAD_MUTEX_ERRORCHECK);
    mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    conditions();
    barriers();
    rwlocks();
    semaphores();
    pthread_spin_init(&spinlock, 0);
    all(spins, THREADS);
    show("counted under a spinlock", spun);
    all(does_once, THREADS);
    show("done once", times);
    return 0;
}
