/* Numbered threads for the ktests (threads.h). */
#include "ktest/threads.h"
#include "ktest/ktest.h"
#include "lib/format.h"
#include "sched/stat.h"

/* Thread n, made as params say, with its name and its argument; not ready yet. */
static struct thread *make(struct thread_params params, unsigned n, int *error)
{
    char name[THREAD_NAME_MAX];

    format(name, sizeof(name), "worker/%u", n);
    params.name = name;
    params.arg = (void *)(u64)n;
    return thread_new(&params, error);
}

int threads_add(struct test_threads *threads, enum thread_priority priority, int (*entry)(void *))
{
    int error;
    struct thread *t = make((struct thread_params){ .entry = entry, .priority = priority }, threads->n, &error);

    if (!t)
        return error;
    threads->tid[threads->n++] = t->tid;
    thread_launch(t);
    return 0;
}

int threads_start_each(struct test_threads *threads, const struct thread_params *params, unsigned n)
{
    struct thread *made[TEST_THREADS_MAX];
    int error = 0;

    threads->n = 0;
    while (threads->n < n && (made[threads->n] = make(params[threads->n], threads->n, &error))) {
        threads->tid[threads->n] = made[threads->n]->tid;
        threads->n++;
    }
    for (unsigned i = 0; i < threads->n; i++)
        (error ? thread_discard : thread_launch)(made[i]);
    if (error)
        threads->n = 0;
    return error;
}

int threads_start_at(struct test_threads *threads, const enum thread_priority *priority, unsigned n, int (*entry)(void *))
{
    struct thread_params params[TEST_THREADS_MAX];

    for (unsigned i = 0; i < n; i++)
        params[i] = (struct thread_params){ .entry = entry, .priority = priority ? priority[i] : PRIORITY_NORMAL };
    return threads_start_each(threads, params, n);
}

int threads_start(struct test_threads *threads, unsigned n, int (*entry)(void *))
{
    return threads_start_at(threads, NULL, n, entry);
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

unsigned threads_waiting(const struct test_threads *threads)
{
    unsigned n = 0;

    for (unsigned i = 0; i < threads->n; i++)
        n += thread_find(threads->tid[i])->state == THREAD_BLOCKED;
    return n;
}

void let_run(void)
{
    for (unsigned i = 0; i < 10; i++)
        thread_yield();
}

void tell_kept(u64 who, const void *now, const void *expected, size_t bytes)
{
    const u8 *is = now, *was = expected;
    size_t at = 0;

    while (at < bytes && is[at] == was[at])
        at++;
    fact(FACT_KEPT, who, at < bytes ? at : ~0ul);
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
