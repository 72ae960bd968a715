/* Lab 1.5: the end of threads. Frames and heap objects are counted around every test by ktest.c. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"

static volatile u64 done;

static tid_t start(const char *name, int (*entry)(void *), void *arg, bool detached)
{
    struct thread_params params = THREAD_PARAMS(name, entry, arg);

    params.detached = detached;
    return thread_create(&params);
}

static tid_t start_on(size_t stack_size, int (*entry)(void *), void *arg)
{
    struct thread_params params = THREAD_PARAMS("sized", entry, arg);

    params.stack_size = stack_size;
    return thread_create(&params);
}

static void join_and_tell(tid_t tid)
{
    int code = 12345;
    int result = thread_join(tid, &code);

    fact(FACT_JOINED, (u64)tid, (u64)(s64)result);
    fact(FACT_EXIT_CODE, (u64)tid, (u64)(s64)code);
}

static int return_argument(void *arg)
{
    return (int)(s64)arg;
}

KTEST(exit_code, "the one who joins gets the exit code")
{
    static const int codes[] = { 0, 42, -1, -7, 255, 256, 0x7fffffff, -0x7fffffff };

    for (unsigned i = 0; i < array_len(codes); i++) {
        tid_t tid = start_on(i % 2 ? 2 * PAGE_SIZE : 0, return_argument, (void *)(s64)codes[i]);

        if (tid < 0)
            return tid;
        fact(FACT_EXPECTED, (u64)tid, (u64)(s64)codes[i]);
        join_and_tell(tid);
    }
    return 0;
}

static int work_a_while(void *arg)
{
    for (u64 i = 0; i < 5; i++) {
        fact(FACT_ORDER, i, number_of(arg));
        thread_yield();
    }
    done++;
    fact(FACT_ORDER, 100, number_of(arg));
    return 9;
}

KTEST(join_waits, "thread_join comes back after the exit, not before")
{
    tid_t tid;

    done = 0;
    tid = start("slow", work_a_while, (void *)1, false);
    if (tid < 0)
        return tid;
    fact(FACT_ORDER, 200, done);
    join_and_tell(tid);
    fact(FACT_ORDER, 201, done);
    return 0;
}

static int count_and_return(void *arg)
{
    done++;
    return (int)number_of(arg) + 60;
}

#define MARK 77 /* in t->joiner: whatever stands there is not exit_locked()'s */

static struct thread before[TEST_THREADS_MAX];

/* The last that the thread does before thread_exit(). */
static int mark_and_return(void *arg)
{
    struct thread *me = current();

    me->joiner = MARK;
    memcpy(&before[number_of(arg)], me, sizeof(*me));
    return count_and_return(arg);
}

/* What an exited thread keeps. */
static void tell_zombie(u64 n, struct thread *t)
{
    struct thread *expected = &before[n];

    expected->rsp = t->rsp;
    expected->state = t->state;
    expected->state_set = t->state_set;
    expected->left_stack = t->left_stack;
    expected->exit_code = t->exit_code;
    expected->cpu_cycles = t->cpu_cycles;
    tell_kept(n, t, expected, THREAD_QUIET);
    t->joiner = 0;
}

KTEST(join_late, "a thread that has exited long ago still has its exit code")
{
    struct test_threads threads;
    int error;

    done = 0;
    error = threads_start(&threads, 4, mark_and_return);
    yield_until(&done, threads.n, 100);
    for (unsigned i = 0; i < 10; i++)
        thread_yield();
    for (unsigned i = 0; i < threads.n; i++)
        tell_zombie(i, thread_find(threads.tid[i]));
    for (unsigned i = threads.n; i-- > 0;)
        join_and_tell(threads.tid[i]);
    return error;
}

KTEST(join_forgets, "a joined thread is gone: nobody finds it, and nobody joins it again")
{
    unsigned before = thread_count();
    tid_t tid = start_on(16 * PAGE_SIZE, return_argument, (void *)3);

    if (tid < 0)
        return tid;
    fact(FACT_THREADS, 0, thread_count() - before);
    fact(FACT_FOUND, (u64)tid, thread_find(tid) != NULL);
    join_and_tell(tid);
    fact(FACT_FOUND, (u64)tid, thread_find(tid) != NULL);
    fact(FACT_THREADS, 1, thread_count() - before);
    fact(FACT_JOINED, (u64)tid, (u64)(s64)thread_join(tid, NULL));
    return 0;
}

static int code_taken;

/* One attempt that has to fail. False if t is gone. */
static bool try_to_join(struct thread *t, u64 step)
{
    static struct thread was;
    u64 switches = this_rq()->nr_switches + this_rq()->nr_stays;
    bool joined;

    code_taken = 12345;
    t->joiner = current()->tid;
    memcpy(&was, t, sizeof(was));
    joined = join_try(t, &code_taken);
    fact(FACT_JOINED, step, joined);
    fact(FACT_SWITCHES, switches, this_rq()->nr_switches + this_rq()->nr_stays);
    if (!joined) {
        fact(FACT_STATE, step, t->state);
        tell_kept(step, t, &was, THREAD_ALL);
    }
    fact(FACT_EXIT_CODE, step, (u64)(s64)code_taken);
    return !joined;
}

/* A thread that never runs: first as if it lived, then in the state between its exit and the end of the switch that leaves it. */
KTEST(join_not_yet, "join_try() leaves a thread alone that has not exited, or has and still stands on its stack")
{
    struct thread_params params = THREAD_PARAMS("leaving", return_argument, NULL);
    int error;
    struct thread *t = thread_new(&params, &error);

    if (!t)
        return error;
    t->exit_code = 21;
    put_state(t, THREAD_READY);
    if (!try_to_join(t, 0))
        return 0;
    put_state(t, THREAD_ZOMBIE);
    if (!try_to_join(t, 1))
        return 0;
    t->left_stack = true;
    try_to_join(t, 2);
    return 0;
}

KTEST(join_errors, "joining oneself, nobody, or a detached thread is refused")
{
    tid_t tid;

    fact(FACT_JOINED, 0, (u64)(s64)thread_join(current()->tid, NULL));
    fact(FACT_JOINED, 1, (u64)(s64)thread_join(0x3ffffff0, NULL));
    done = 0;
    tid = start("detached", count_and_return, NULL, true);
    if (tid < 0)
        return tid;
    fact(FACT_JOINED, 2, (u64)(s64)thread_join(tid, NULL));
    yield_until(&done, 1, 100);
    thread_yield();
    return 0;
}

KTEST(detach_reclaims, "a detached thread leaves nothing behind, detached before or after its exit")
{
    unsigned before = thread_count();
    tid_t tid;

    done = 0;
    tid = start("detached", count_and_return, NULL, true);
    if (tid < 0)
        return tid;
    yield_until(&done, 1, 100);
    thread_yield();
    fact(FACT_FOUND, (u64)tid, thread_find(tid) != NULL);

    tid = start("later", count_and_return, NULL, false);
    if (tid < 0)
        return tid;
    yield_until(&done, 2, 100);
    thread_yield();
    fact(FACT_JOINED, (u64)tid, (u64)(s64)thread_detach(tid));
    fact(FACT_FOUND, (u64)tid, thread_find(tid) != NULL);
    fact(FACT_THREADS, 0, thread_count() - before);
    return 0;
}

KTEST(exit_turns, "when one of several threads exits, the others go on in order")
{
    struct test_threads threads;
    int error;

    done = 0;
    error = threads_start(&threads, 3, work_a_while);
    threads_join(&threads);
    fact(FACT_NOTE, done, 3);
    return error;
}

#define CHURN_ROUNDS 200

KTEST(exit_churn, "threads made, ended and joined again and again leave frames and objects as they were")
{
    u64 rounds = option_u64("rounds") ? option_u64("rounds") : CHURN_ROUNDS;
    unsigned before = thread_count();
    u64 wrong = 0;

    for (u64 i = 0; i < rounds; i++) {
        tid_t tid = start("short", return_argument, (void *)(i & 1023), false);
        int code = -1;

        if (tid < 0)
            return tid;
        wrong += thread_join(tid, &code) != 0 || (u64)code != (i & 1023);
    }
    fact(FACT_NOTE, rounds, wrong);
    fact(FACT_THREADS, 0, thread_count() - before);
    return 0;
}

static bool stop;

static int yield_until_stopped(void *arg)
{
    (void)arg;
    while (!stop)
        thread_yield();
    return 0;
}

KTEST(yield_churn, "two threads yield to each other as often as the option rounds= says")
{
    u64 rounds = option_u64("rounds") ? option_u64("rounds") : CHURN_ROUNDS;
    tid_t tid;

    stop = false;
    tid = start("other", yield_until_stopped, NULL, false);
    if (tid < 0)
        return tid;
    for (u64 i = 0; i < rounds; i++)
        thread_yield();
    stop = true;
    fact(FACT_NOTE, rounds, this_rq()->nr_switches);
    return thread_join(tid, NULL);
}

static int exit_last(void *arg)
{
    fact(FACT_ORDER, 1, number_of(arg));
    return 0;
}

KTEST(exit_last, "when the last thread has exited, the CPU idles: nothing crashes, nobody runs on")
{
    tid_t tid = start("last", exit_last, (void *)7, true);

    if (tid < 0)
        return tid;
    fact(FACT_ORDER, 0, 0);
    thread_exit(0); /* the report is completed when the idle thread finds that everybody has exited */
}

#define ALIVE 8

KTEST(tids, "threads that live at the same time have different ids, above 0")
{
    struct test_threads threads;
    int error;

    done = 0;
    error = threads_start(&threads, ALIVE, count_and_return);
    for (unsigned i = 0; i < threads.n; i++)
        fact(FACT_TID, i, (u64)threads.tid[i]);
    threads_join(&threads);
    return error;
}
