/* Threads, their table and their statistics: given code of lab 1, which no exercise covers. What goes wrong on purpose is in
   test_panic.c, processes and files are in test_process.c. */
#include "base/trace.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "mm/frames.h"
#include "mm/kstack.h"
#include "mm/slab.h"
#include "sched/stat.h"

static int return_number(void *arg)
{
    return (int)number_of(arg);
}

/* --- making threads ------------------------------------------------------------------------------------------------------------------ */

KTEST(tids_again, "an id is not given to a second thread while the first one lives")
{
    struct test_threads threads;
    int error = threads_start(&threads, 4, return_number);
    tid_t tid;

    if (error)
        goto join;
    thread_join(threads.tid[1], NULL);
    threads.tid[1] = tid = thread_create(&(struct thread_params)THREAD_PARAMS("fifth", return_number, NULL));
    if (tid < 0) { /* three are left to join */
        error = tid;
        threads.tid[1] = threads.tid[--threads.n];
        goto join;
    }
    fact(FACT_TID, 0, (u64)current()->tid);
    for (unsigned i = 0; i < threads.n; i++)
        fact(FACT_TID, i + 1, (u64)threads.tid[i]);
join:
    threads_join(&threads);
    return error;
}

/* Whether such a thread can be made; it never runs. -ENOMEM ends the test. */
static int try_params(u64 step, const struct thread_params *params)
{
    int error;
    struct thread *t = thread_new(params, &error);

    fact(FACT_RESULT, step, (u64)(s64)error);
    if (t) {
        fact(FACT_COUNT, step, t->stack.size);
        thread_discard(t);
    }
    return error == -ENOMEM ? error : 0;
}

KTEST(thread_params, "a thread is not made with a stack size, a priority or a function that cannot be")
{
    static const size_t sizes[] = { 0, 4096, MIB(1), 1, 2048, 4097, MIB(1) + 4096, ~0ul - 4095 };
    struct thread_params params = THREAD_PARAMS("params", return_number, NULL);
    int error = 0;

    for (u64 i = 0; i < array_len(sizes) && !error; i++) {
        params.stack_size = sizes[i];
        error = try_params(i, &params);
    }
    params.stack_size = 0;
    params.priority = PRIORITY_CRITICAL;
    error = error ? error : try_params(20, &params);
    params.priority = PRIORITY_CRITICAL + 1;
    error = error ? error : try_params(21, &params);
    params.priority = PRIORITY_NORMAL;
    params.entry = NULL;
    return error ? error : try_params(22, &params);
}

KTEST(thread_inherits, "a thread's name is cut to fit, and its priority may be its creator's")
{
    struct thread_params params = THREAD_PARAMS("a name of more than fifteen letters", return_number, NULL);
    enum thread_priority mine = current()->priority;
    int error;
    struct thread *t;

    current()->priority = PRIORITY_HIGH;
    params.priority = PRIORITY_LOW;
    params.inherit_priority = true;
    t = thread_new(&params, &error);
    current()->priority = mine;
    if (!t)
        return error;
    fact(FACT_RESULT, 0, t->priority);
    fact(FACT_COUNT, 0, (u64)t->name[THREAD_NAME_MAX - 1]);
    fact(FACT_COUNT, 1, (u64)t->name[THREAD_NAME_MAX - 2]);
    fact(FACT_COUNT, 2, (u64)t->parent_tid);
    thread_discard(t);
    return 0;
}

KTEST(threads_max, "there are so many threads and no more, and room again when one has gone")
{
    static struct thread *made[THREADS_MAX];
    struct thread_params params = THREAD_PARAMS("one of many", return_number, NULL);
    unsigned n = 0;
    int error = 0;

    params.stack_size = PAGE_SIZE;
    while (n < THREADS_MAX && (made[n] = thread_new(&params, &error)))
        n++;
    fact(FACT_COUNT, 0, n + 1); /* and the one that runs */
    fact(FACT_RESULT, 0, (u64)(s64)error);
    if (error == -EAGAIN) {
        thread_discard(made[--n]);
        made[n] = thread_new(&params, &error);
        n += made[n] != NULL;
        fact(FACT_RESULT, 1, (u64)(s64)error);
    }
    while (n)
        thread_discard(made[--n]);
    return error == -ENOMEM ? error : 0;
}

/* --- joining ------------------------------------------------------------------------------------------------------------------------- */

static tid_t wanted;

static int join_it(void *arg)
{
    (void)arg;
    return thread_join(wanted, NULL);
}

static int yield_some(void *arg)
{
    for (u64 i = 0; i < number_of(arg); i++)
        thread_yield();
    return 0;
}

KTEST(join_claims, "a thread has one joiner, and none once it is detached")
{
    tid_t slow = thread_create(&(struct thread_params)THREAD_PARAMS("slow", yield_some, (void *)6));
    tid_t joiner;
    int code = 1;

    if (slow < 0)
        return slow;
    wanted = slow;
    joiner = thread_create(&(struct thread_params)THREAD_PARAMS("joiner", join_it, NULL));
    if (joiner < 0) {
        thread_join(slow, NULL);
        return joiner;
    }
    thread_yield();
    fact(FACT_RESULT, 0, (u64)(s64)thread_join(slow, NULL));
    fact(FACT_RESULT, 1, (u64)(s64)thread_detach(slow));
    thread_join(joiner, &code);
    fact(FACT_RESULT, 2, (u64)(s64)code);
    fact(FACT_RESULT, 3, (u64)(s64)thread_detach(slow));
    slow = thread_create(&(struct thread_params)THREAD_PARAMS("detached", yield_some, (void *)2));
    if (slow < 0)
        return slow;
    fact(FACT_RESULT, 4, (u64)(s64)thread_detach(slow));
    fact(FACT_RESULT, 5, (u64)(s64)thread_detach(slow));
    for (unsigned i = 0; i < 5; i++)
        thread_yield();
    fact(FACT_RESULT, 6, (u64)(s64)thread_join(slow, NULL));
    return 0;
}

/* --- states -------------------------------------------------------------------------------------------------------------------------- */

/* Each legal step once: from, to. The thread is nobody's and stands in no queue. */
KTEST(states_legal, "every step of the state diagram may be taken")
{
    static const u8 steps[][2] = {
        { THREAD_NEW, THREAD_READY }, { THREAD_NEW, THREAD_TERMINATED }, { THREAD_READY, THREAD_RUNNING }, { THREAD_READY, THREAD_STOPPED },
        { THREAD_RUNNING, THREAD_READY }, { THREAD_RUNNING, THREAD_BLOCKED }, { THREAD_RUNNING, THREAD_STOPPED },
        { THREAD_RUNNING, THREAD_ZOMBIE }, { THREAD_BLOCKED, THREAD_READY }, { THREAD_BLOCKED, THREAD_STOPPED },
        { THREAD_STOPPED, THREAD_READY }, { THREAD_STOPPED, THREAD_BLOCKED }, { THREAD_ZOMBIE, THREAD_TERMINATED },
    };
    struct thread t = { .tid = 99, .name = "nobody" };

    for (unsigned i = 0; i < array_len(steps); i++) {
        put_state(&t, steps[i][0]);
        thread_set_state(&t, steps[i][1]);
        fact(FACT_STATE, steps[i][0], t.state);
    }
    return 0;
}

/* --- statistics ---------------------------------------------------------------------------------------------------------------------- */

static void tell_stats(u64 step)
{
    struct sched_stats s;

    sched_stats_get(&s);
    fact(FACT_COUNT, step, s.ready);
    fact(FACT_COUNT, step + 1, s.threads[THREAD_READY]);
    fact(FACT_COUNT, step + 2, s.threads[THREAD_RUNNING]);
    fact(FACT_COUNT, step + 3, s.threads[THREAD_ZOMBIE]);
    fact(FACT_SWITCHES, s.switches, s.scheduled);
}

KTEST(stats_count, "the statistics count threads by state, switches and decisions")
{
    struct test_threads threads;
    int error = threads_start(&threads, 3, return_number);

    tell_stats(10);
    thread_yield(); /* all three run to their end */
    tell_stats(20);
    threads_join(&threads);
    thread_yield(); /* alone: a decision, and no switch */
    tell_stats(30);
    return error;
}

static u64 ran[2], waited[2];

/* Thread 1 works 20 times as long as thread 0. */
static int work(void *arg)
{
    for (volatile u64 i = 0; i < 4000 + 76000 * number_of(arg); i++)
        ;
    thread_yield();
    ran[number_of(arg)] = thread_cpu_ns(current());
    waited[number_of(arg)] = thread_wait_ns(current());
    return 0;
}

KTEST(stats_times, "each thread is charged for the time in which it ran, and only for that")
{
    struct test_threads threads;
    int error;
    u64 before = clock_ns(), mine = thread_cpu_ns(current());

    error = threads_start(&threads, 2, work);
    threads_join(&threads);
    for (unsigned i = 0; i < 2; i++)
        fact(FACT_NOTE, ran[i], waited[i]);
    fact(FACT_NOTE, thread_cpu_ns(current()) - mine, clock_ns() - before);
    return error;
}

/* --- memory -------------------------------------------------------------------------------------------------------------------------- */

KTEST(memory_sound, "the allocators' own checks find nothing wrong after use")
{
    struct test_threads threads;
    void *block[40];
    unsigned n = 0;
    int error = threads_start(&threads, 5, return_number);

    while (n < array_len(block) && (block[n] = kmalloc(24ul << n % 9)))
        n++;
    if (n < array_len(block))
        error = error ? error : -ENOMEM;
    for (unsigned i = 0; i < n; i += 2)
        kfree(block[i]);
    threads_join(&threads);
    slab_check();
    frames_check();
    for (unsigned i = 1; i < n; i += 2)
        kfree(block[i]);
    slab_check();
    frames_check();
    return error;
}

/* Stacks stand in memory of their own, each above a page that is not mapped. */
KTEST(stack_guards, "below every kernel stack lies a page that is not mapped, and two stacks never overlap")
{
    static const size_t sizes[] = { 4096, 8192, 16384, 16384, 65536 };
    struct kstack stack[array_len(sizes)];
    unsigned n = 0;
    int error = 0;

    while (n < array_len(sizes) && !error) {
        error = kstack_alloc(&stack[n], sizes[n]);
        n += !error;
    }
    for (unsigned i = 0; i < n; i++) {
        fact(FACT_NOTE, stack[i].base, stack[i].size);
        fact(FACT_RESULT, i, kernel_lookup(stack[i].base - 1) == ~0ul && kernel_lookup(stack[i].base) != ~0ul);
    }
    while (n)
        kstack_free(&stack[--n]);
    return error;
}
