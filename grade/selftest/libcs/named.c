/* What has a name or is shared between processes: semaphores, memory, mutexes and conditions in it. */
#include "../pthreads/pthreads.h"

#include <fcntl.h>
#include <sys/stat.h>

static char semaphore_name[40], memory_name[40]; /* the process's number in them: on Linux several of these may run at once */

static void semaphores(void)
{
    sem_t *sem, *same;
    int value = -1, status;
    pid_t pid;

    sem_unlink(semaphore_name);
    show("not there", sem_open(semaphore_name, 0) == SEM_FAILED && errno == ENOENT);
    sem = sem_open(semaphore_name, O_CREAT | O_EXCL, 0600, 2);
    show("made", sem != SEM_FAILED);
    show("there already", sem_open(semaphore_name, O_CREAT | O_EXCL, 0600, 2) == SEM_FAILED && errno == EEXIST);
    same = sem_open(semaphore_name, 0);
    show("one place", same == sem);
    show_call("trywait", sem_trywait(sem));
    sem_getvalue(same, &value);
    show("value", value);
    fflush(stdout);
    pid = fork();
    if (!pid) {
        sem_t *other = sem_open(semaphore_name, 0);

        usleep(5000);
        sem_post(other);
        sem_post(other);
        _exit(0);
    }
    for (int i = 0; i < 3; i++)
        sem_wait(sem);
    waitpid(pid, &status, 0);
    show_status("the other process", status);
    sem_getvalue(sem, &value);
    show("value", value);
    show_call("close", sem_close(sem));
    sem_close(same);
    show_call("unlink", sem_unlink(semaphore_name));
    show_call("twice", sem_unlink(semaphore_name) && errno == ENOENT ? 0 : -1);
}

struct common {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_barrier_t barrier;
    pthread_rwlock_t lock;
    sem_t sem;
    int turn, rounds, sum;
};

static void player(struct common *common, int which)
{
    pthread_barrier_wait(&common->barrier);
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&common->mutex);
        while (common->turn != which)
            pthread_cond_wait(&common->changed, &common->mutex);
        common->turn = (which + 1) % 3;
        common->rounds++;
        pthread_cond_broadcast(&common->changed);
        pthread_mutex_unlock(&common->mutex);
        pthread_rwlock_wrlock(&common->lock);
        common->sum += which;
        pthread_rwlock_unlock(&common->lock);
    }
    sem_post(&common->sem);
}

static void memory(void)
{
    pthread_mutexattr_t of_mutex;
    pthread_condattr_t of_condition;
    pthread_barrierattr_t of_barrier;
    pthread_rwlockattr_t of_lock;
    struct common *common;
    struct stat st;
    int fd;

    shm_unlink(memory_name);
    fd = shm_open(memory_name, O_CREAT | O_EXCL | O_RDWR, 0600);
    show("shm_open", fd >= 0);
    show_call("ftruncate", ftruncate(fd, sizeof(*common)));
    fstat(fd, &st);
    show("size", st.st_size == sizeof(*common));
    common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    pthread_mutexattr_init(&of_mutex);
    pthread_mutexattr_setpshared(&of_mutex, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&of_condition);
    pthread_condattr_setpshared(&of_condition, PTHREAD_PROCESS_SHARED);
    pthread_barrierattr_init(&of_barrier);
    pthread_barrierattr_setpshared(&of_barrier, PTHREAD_PROCESS_SHARED);
    pthread_rwlockattr_init(&of_lock);
    pthread_rwlockattr_setpshared(&of_lock, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&common->mutex, &of_mutex);
    pthread_cond_init(&common->changed, &of_condition);
    pthread_barrier_init(&common->barrier, &of_barrier, 3);
    pthread_rwlock_init(&common->lock, &of_lock);
    sem_init(&common->sem, 1, 0);
    fflush(stdout);
    for (int i = 1; i < 3; i++) {
        if (fork())
            continue;
        fd = shm_open(memory_name, O_RDWR, 0);
        munmap(common, sizeof(*common));
        common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        player(common, i);
        _exit(0);
    }
    player(common, 0);
    for (int i = 0; i < 3; i++)
        sem_wait(&common->sem);
    show("rounds", common->rounds);
    show("sum", common->sum);
    while (wait(NULL) > 0)
        ;
    show_call("shm_unlink", shm_unlink(memory_name));
    show("gone", shm_open(memory_name, O_RDWR, 0) < 0 && errno == ENOENT);
    show("mapped still", common->rounds);
}

static void owners(void)
{
    struct timespec limit = soon(CLOCK_REALTIME, 5);
    sem_t sem;

    sem_init(&sem, 0, 1);
    show_call("taken", sem_wait(&sem));
    show_call("not twice", sem_trywait(&sem));
    show_call("nor soon", sem_timedwait(&sem, &limit));
    show_call("given back", sem_post(&sem));
    show_call("again", sem_timedwait(&sem, &limit));
    sem_destroy(&sem);
}

int main(void)
{
    snprintf(semaphore_name, sizeof(semaphore_name), "/crescent-semaphore-%d", getpid());
    snprintf(memory_name, sizeof(memory_name), "/crescent-memory-%d", getpid());
    semaphores();
    memory();
    owners();
    return 0;
}
