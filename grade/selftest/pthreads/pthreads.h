/* Programs of POSIX threads, written for a C library that is not ours: built statically with two of them, and run on Linux and on Crescent,
 * whose output has to be the same. They print lines "name: result" without addresses, numbers of processes and threads, and times. What
 * several threads print in an order that nobody prescribes is printed by the one that waited for them. */
#pragma once

#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* What was printed is seen, too, if a program does not come to its end. */
static void __attribute__((constructor)) begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static void UNUSED show(const char *name, long value)
{
    printf("%s: %ld\n", name, value);
}

/* By the error's name: the two libraries word their meanings differently. */
static void UNUSED show_error(const char *name, int error)
{
    static const struct { int number; const char *name; } names[] = {
        { 0, "ok" }, { EPERM, "EPERM" }, { ESRCH, "ESRCH" }, { EINTR, "EINTR" }, { EAGAIN, "EAGAIN" }, { ENOMEM, "ENOMEM" },
        { EBUSY, "EBUSY" }, { EINVAL, "EINVAL" }, { EDEADLK, "EDEADLK" }, { ETIMEDOUT, "ETIMEDOUT" }, { EOWNERDEAD, "EOWNERDEAD" },
        { ENOTRECOVERABLE, "ENOTRECOVERABLE" }, { ENOTSUP, "ENOTSUP" }, { ENOSYS, "ENOSYS" }, { EFAULT, "EFAULT" }, { ECHILD, "ECHILD" },
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].number == error) {
            printf("%s: %s\n", name, names[i].name);
            return;
        }
    }
    printf("%s: error %d\n", name, error);
}

/* The result of a call that sets errno. */
static void UNUSED show_call(const char *name, long result)
{
    show_error(name, result < 0 ? errno : 0);
}

static void UNUSED show_status(const char *name, int status)
{
    if (WIFEXITED(status))
        printf("%s: exited %d\n", name, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        printf("%s: killed by %d\n", name, WTERMSIG(status));
    else
        printf("%s: status %x\n", name, status);
}

/* A failure of what a test only needs ends it. */
static void UNUSED need(int error, const char *what)
{
    if (!error)
        return;
    printf("%s failed: error %d\n", what, error);
    fflush(stdout);
    _exit(1);
}

static pthread_t UNUSED start(void *(*function)(void *), void *argument)
{
    pthread_t thread;

    need(pthread_create(&thread, NULL, function, argument), "pthread_create");
    return thread;
}

static long UNUSED join(pthread_t thread)
{
    void *result = NULL;

    need(pthread_join(thread, &result), "pthread_join");
    return (long)result;
}

/* function() in a child: what it prints, and then how it ended. */
static void UNUSED in_child(const char *name, void (*function)(void))
{
    int status = 0;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    need(pid < 0, "fork");
    if (!pid) {
        function();
        fflush(stdout);
        _exit(0);
    }
    need(waitpid(pid, &status, 0) != pid, "waitpid");
    show_status(name, status);
}

/* Memory that a process shares with its children. */
static void UNUSED *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    need(at == MAP_FAILED, "mmap");
    return at;
}

/* ms from now, or before, by a clock. */
static struct timespec UNUSED soon(clockid_t clock, long ms)
{
    struct timespec now;
    long ns;

    clock_gettime(clock, &now);
    ns = now.tv_nsec + ms * 1000000;
    now.tv_sec += (ns - (ns < 0 ? 999999999 : 0)) / 1000000000;
    now.tv_nsec = (ns % 1000000000 + 1000000000) % 1000000000;
    return now;
}

/* Computes, in user mode alone. Now and then the instruction lets an emulator's other processors have their turn; each costs it dear. */
static _Noreturn void UNUSED compute(void)
{
    for (volatile unsigned i = 0;; i++)
        if (i % 65536 == 0)
            __builtin_ia32_pause();
}

static void UNUSED wait_until(const atomic_int *word, int value)
{
    while (atomic_load(word) != value)
        sched_yield();
}
