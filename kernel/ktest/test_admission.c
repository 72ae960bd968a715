/* Lab 5.5b: who may have deadlines, asked with real threads, which sleep, exit and change. The facts say what each call returned. */
#include "ktest/cast.h"
#include "ktest/ktest.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define MS NS_PER_MS
#define THREADS 4

static struct semaphore leave;
static u64 asked;

static int waits(void *arg)
{
    (void)arg;
    semaphore_down(&leave);
    return 0;
}

static int begin(struct test_threads *threads)
{
    int error;

    semaphore_init(&leave, "leave", 0);
    asked = 0;
    error = threads_start(threads, THREADS, waits);
    thread_sleep(MS); /* all wait */
    return error;
}

static void end(struct test_threads *threads)
{
    for (unsigned i = 0; i < threads->n; i++)
        semaphore_up(&leave);
    threads_join(threads);
}

/* Tells what it returned. */
static void ask(tid_t tid, u64 runtime, u64 period)
{
    struct sched_params p = DEADLINE(runtime, period, 0);

    fact(FACT_RETURNED, asked++, (u64)(s64)thread_set_params(tid, &p));
}

static void be_normal(tid_t tid)
{
    struct sched_params p = NICE(0);

    thread_set_params(tid, &p);
}

KTEST(dl_refused, "threads ask for more than there is, for just as much, and for other numbers")
{
    struct test_threads t;
    int error = begin(&t);

    if (error)
        return error;
    ask(t.tid[0], 5 * MS, 10 * MS);
    ask(t.tid[1], 5 * MS, 10 * MS);  /* 1.0: refused */
    ask(t.tid[1], 4 * MS, 10 * MS);  /* 0.9 */
    ask(t.tid[2], MS, 10 * MS);      /* 1.0: refused */
    ask(t.tid[0], 6 * MS, 10 * MS);  /* 1.0: refused, and it keeps what it has */
    ask(t.tid[0], 54 * MS / 10, 10 * MS); /* 0.94, in place of what it had */
    ask(t.tid[2], 2 * MS, 100 * MS); /* 0.96: refused */
    ask(t.tid[0], MS, 10 * MS);      /* 0.5 */
    ask(t.tid[2], 44 * MS / 10, 10 * MS); /* 0.94 */
    end(&t);
    return 0;
}

KTEST(dl_returned, "bandwidth comes back when its owner exits or leaves the class")
{
    struct test_threads t;
    int error = begin(&t);

    if (error)
        return error;
    ask(t.tid[0], 9 * MS, 10 * MS);
    ask(t.tid[1], 9 * MS, 10 * MS); /* refused */
    be_normal(t.tid[0]);
    thread_sleep(30 * MS);
    ask(t.tid[1], 9 * MS, 10 * MS);
    ask(t.tid[2], 9 * MS, 10 * MS); /* refused */
    thread_kill(t.tid[1], 0);
    thread_sleep(30 * MS);
    ask(t.tid[2], 9 * MS, 10 * MS);
    end(&t);
    return 0;
}

static int uses_its_budget(void *arg)
{
    (void)arg;
    semaphore_down(&leave);
    use_cpu(45 * MS);
    be_normal(current()->tid);
    fact(FACT_NOTE, 0, clock_ns());
    semaphore_down(&leave);
    return 0;
}

/* The thread runs 45 of its 50 ms at once, and leaves: with what is left it would have gone on for 5 of 50 ms, to 10 ms before its
   deadline. */
KTEST(dl_zero_lag, "a thread leaves the class when it has run nearly all of its budget: when may others have its bandwidth?")
{
    struct test_threads t, user;
    int error = begin(&t);

    if (error)
        return error;
    error = threads_start(&user, 1, uses_its_budget);
    if (error) {
        end(&t);
        return error;
    }
    thread_sleep(MS);
    ask(user.tid[0], 50 * MS, 100 * MS);
    for (unsigned i = 0; i <= t.n; i++)
        semaphore_up(&leave); /* whoever else waits there goes, too */
    thread_sleep(10 * MS);    /* it has run by now */
    ask(current()->tid, 50 * MS, 100 * MS);
    be_normal(current()->tid);
    thread_sleep(60 * MS);
    ask(current()->tid, 50 * MS, 100 * MS);
    be_normal(current()->tid);
    semaphore_up(&leave);
    threads_join(&user);
    threads_join(&t);
    return 0;
}
