/* Numbered threads for the ktests (threads.h). */
#include "ktest/threads.h"
#include "lib/format.h"
#include "sched/stat.h"

int threads_add(struct test_threads *threads, enum thread_priority priority, int (*entry)(void *))
{
    char name[THREAD_NAME_MAX];
    struct thread_params params = THREAD_PARAMS(name, entry, (void *)(u64)threads->n);
    tid_t tid;

    format(name, sizeof(name), "worker/%u", threads->n);
    params.priority = priority;
    tid = thread_create(&params);
    if (tid < 0)
        return tid;
    threads->tid[threads->n++] = tid;
    return 0;
}

int threads_start(struct test_threads *threads, unsigned n, int (*entry)(void *))
{
    int error = 0;

    threads->n = 0;
    for (unsigned i = 0; i < n && !error; i++)
        error = threads_add(threads, PRIORITY_NORMAL, entry);
    return error;
}

void threads_join(struct test_threads *threads)
{
    for (unsigned i = 0; i < threads->n; i++)
        thread_join(threads->tid[i], NULL);
}

bool threads_blocked(const struct test_threads *threads)
{
    for (unsigned tries = 0; tries < 100; tries++) {
        unsigned blocked = 0;

        for (unsigned i = 0; i < threads->n; i++)
            blocked += thread_find(threads->tid[i])->state == THREAD_BLOCKED;
        if (blocked == threads->n)
            return true;
        thread_yield();
    }
    return false;
}

void use_cpu(u64 ns)
{
    u64 until = thread_cpu_ns(current()) + ns;

    while (thread_cpu_ns(current()) < until)
        ;
}

void threads_abandon(struct test_threads *threads)
{
    for (unsigned i = 0; i < threads->n; i++) {
        struct thread *t = thread_find(threads->tid[i]);
        u64 flags = irq_save();
        struct rq *rq = this_rq_lock();

        sched_dequeue(rq, t);
        put_state(t, THREAD_NEW); /* nobody but a test un-makes a thread */
        spin_unlock_irq(&rq->lock, flags);
        thread_discard(t);
    }
}

void yield_until(const volatile u64 *counter, u64 wanted, u64 most)
{
    for (u64 i = 0; i < most && *counter < wanted; i++)
        thread_yield();
}
