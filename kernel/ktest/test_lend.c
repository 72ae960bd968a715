/* Priority inheritance across the classes: who owns a mutex goes by what those have who wait for it. Parts: 0 owns the mutex and has work
   to do, the last one waits for it, and those between would like to have the CPU meanwhile. */
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/attr.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define MS NS_PER_MS
#define WORK (3 * MS)

#define NORMAL               { .policy = SCHED_OTHER }
#define BACKGROUND           { .policy = SCHED_IDLE }
#define FIFO(n)              { .policy = SCHED_FIFO, .rt_priority = (n) }
#define DEADLINE(q, d)       { .policy = SCHED_DEADLINE, .runtime = (q), .deadline = (d) }

static struct mutex mutex[2];
static struct semaphore curtain, owned;
static const struct sched_params *part;
static volatile bool stop;

static void set_up(const struct sched_params *p)
{
    for (unsigned i = 0; i < array_len(mutex); i++)
        mutex_init(&mutex[i], "one of them");
    semaphore_init(&curtain, "curtain", 0);
    semaphore_init(&owned, "owned", 0);
    part = p;
    stop = false;
}

/* What the running thread really goes by, its deadline included (0: it has none), and what it asked for: a step of the test. */
static void look(u64 step)
{
    const struct thread *me = current();
    struct sched_params asked = { 0 };
    bool due;

    preempt_disable();
    due = me->se.params.policy == SCHED_DEADLINE;
    fact(FACT_EFFECTIVE, step, (u64)thread_effective(me));
    fact(FACT_NOTE, 100 + step, due ? me->se.dl.deadline : 0);
    preempt_enable();
    fact(FACT_RESULT, step, (u64)(s64)thread_get_params(me->tid, &asked));
    fact(FACT_NOTE, step, asked.policy | (u64)asked.rt_priority << 8);
}

static void begin_as(unsigned n)
{
    fact(FACT_TID, n, (u64)current()->tid);
    fact(FACT_RESULT, 10 + n, (u64)(s64)thread_set_params(current()->tid, &part[n]));
}

static int own(void *arg)
{
    begin_as((unsigned)number_of(arg));
    mutex_lock(&mutex[0]);
    semaphore_up(&owned);
    semaphore_down(&curtain);
    use_cpu(WORK);
    look(0);
    mutex_unlock(&mutex[0]);
    look(1);
    return 0;
}

/* Owns the second mutex and waits for the first. */
static int pass_on(void *arg)
{
    begin_as((unsigned)number_of(arg));
    mutex_lock(&mutex[1]);
    semaphore_up(&owned);
    mutex_lock(&mutex[0]);
    mutex_unlock(&mutex[0]);
    mutex_unlock(&mutex[1]);
    return 0;
}

static int compete(void *arg)
{
    u64 until;

    begin_as((unsigned)number_of(arg));
    semaphore_down(&curtain);
    for (until = clock_ns() + 100 * MS; !stop && clock_ns() < until;)
        ;
    return 0;
}

static int wait_for(struct mutex *m, void *arg)
{
    begin_as((unsigned)number_of(arg));
    semaphore_down(&curtain);
    if (current()->se.params.policy == SCHED_DEADLINE)
        fact(FACT_NOTE, 110 + number_of(arg), current()->se.dl.deadline);
    mutex_lock(m);
    stop = true;
    mutex_unlock(m);
    return 0;
}

static int want_first(void *arg)
{
    return wait_for(&mutex[0], arg);
}

static int want_plainly(void *arg)
{
    (void)arg;
    mutex_lock(&mutex[0]);
    mutex_unlock(&mutex[0]);
    return 0;
}

static int want_second(void *arg)
{
    return wait_for(&mutex[1], arg);
}

/* Plays as p says. The first `owners` begin one after the other; the rest together, when those own what they own. */
static int play_out(const struct sched_params *p, int (*const *entry)(void *), unsigned n, unsigned owners)
{
    struct test_threads threads = { .n = 0 };
    int error = 0;

    set_up(p);
    while (threads.n < n && !error) {
        error = threads_add(&threads, PRIORITY_NORMAL, entry[threads.n]);
        if (!error && threads.n <= owners)
            semaphore_down(&owned);
    }
    for (unsigned i = 0; i < threads.n; i++)
        while (thread_find(threads.tid[i])->state != THREAD_BLOCKED)
            thread_sleep(MS / 10);
    stop = error;
    preempt_disable();
    for (unsigned i = 0; i < threads.n; i++)
        semaphore_up(&curtain);
    preempt_enable();
    threads_join(&threads);
    return error;
}

KTEST(lend_rt, "a real-time thread waits for a normal one, while another real-time thread computes")
{
    static const struct sched_params p[] = { NORMAL, FIFO(20), FIFO(50) };
    int (*const entry[])(void *) = { own, compete, want_first };

    return play_out(p, entry, array_len(p), 1);
}

KTEST(lend_rt_more, "a real-time thread waits for one of less priority, while one of a priority between computes")
{
    static const struct sched_params p[] = { { .policy = SCHED_RR, .rt_priority = 10 }, FIFO(20), FIFO(50) };
    int (*const entry[])(void *) = { own, compete, want_first };

    return play_out(p, entry, array_len(p), 1);
}

KTEST(lend_idle, "a normal thread waits for one of SCHED_IDLE, while another normal one computes")
{
    static const struct sched_params p[] = { BACKGROUND, NORMAL, NORMAL };
    int (*const entry[])(void *) = { own, compete, want_first };

    return play_out(p, entry, array_len(p), 1);
}

KTEST(lend_deadline, "a thread with a deadline waits for a normal one, while one with a later deadline and one of real time compute")
{
    static const struct sched_params p[] = { NORMAL, FIFO(99), DEADLINE(10 * MS, 60 * MS), DEADLINE(2 * MS, 20 * MS) };
    int (*const entry[])(void *) = { own, compete, compete, want_first };

    return play_out(p, entry, array_len(p), 1);
}

KTEST(lend_chain, "a thread with a deadline waits for an owner who waits for an owner")
{
    static const struct sched_params p[] = { BACKGROUND, NORMAL, DEADLINE(10 * MS, 60 * MS), DEADLINE(2 * MS, 20 * MS) };
    int (*const entry[])(void *) = { own, pass_on, compete, want_second };

    return play_out(p, entry, array_len(p), 2);
}

KTEST(lend_earlier, "an owner with a deadline is waited for by one with an earlier one")
{
    static const struct sched_params p[] = { DEADLINE(10 * MS, 90 * MS), DEADLINE(10 * MS, 60 * MS), DEADLINE(2 * MS, 20 * MS) };
    int (*const entry[])(void *) = { own, compete, want_first };

    return play_out(p, entry, array_len(p), 1);
}

KTEST(lend_throttled, "an owner has used up its budget when a thread with a later deadline begins to wait for it")
{
    static const struct sched_params p[] = { DEADLINE(MS, 50 * MS), NORMAL, DEADLINE(2 * MS, 80 * MS) };
    int (*const entry[])(void *) = { own, compete, want_first };

    return play_out(p, entry, array_len(p), 1);
}

/* --- what they asked for changes, and who waits ------------------------------------------------------------------------------------ */

static int ask(tid_t tid, struct sched_params p)
{
    return thread_set_params(tid, &p);
}

KTEST(lend_asked, "an owner's policy is changed while it inherits, and so is that of who waits for it")
{
    struct test_threads threads = { .n = 0 };
    int error;

    set_up(NULL);
    mutex_lock(&mutex[0]);
    stop = true;
    error = threads_add(&threads, PRIORITY_NORMAL, want_plainly);
    if (!error) {
        threads_blocked(&threads);
        look(0);
        fact(FACT_RESULT, 20, (u64)(s64)ask(threads.tid[0], (struct sched_params)FIFO(50)));
        look(1);
        fact(FACT_RESULT, 21, (u64)(s64)ask(current()->tid, (struct sched_params)FIFO(5)));
        look(2);
        fact(FACT_RESULT, 22, (u64)(s64)ask(threads.tid[0], (struct sched_params)DEADLINE(2 * MS, 20 * MS)));
        look(3);
        fact(FACT_NOTE, 110, thread_find(threads.tid[0])->se.dl.deadline);
        fact(FACT_RESULT, 23, (u64)(s64)ask(threads.tid[0], (struct sched_params){ .policy = SCHED_OTHER }));
        look(4);
        fact(FACT_RESULT, 24, (u64)(s64)ask(current()->tid, (struct sched_params){ .policy = SCHED_OTHER }));
        look(5);
    }
    mutex_unlock(&mutex[0]);
    threads_join(&threads);
    return error;
}

/* Thread 1 gives up after a while. */
static int wait_long(void *arg)
{
    u64 n = number_of(arg);

    begin_as((unsigned)n);
    semaphore_down(&curtain);
    fact(FACT_NOTE, 110 + n, current()->se.dl.deadline);
    if (n == 0)
        mutex_lock(&mutex[0]);
    else if (mutex_lock_until(&mutex[0], clock_ns() + 2 * MS))
        return 0;
    mutex_unlock(&mutex[0]);
    return 0;
}

KTEST(lend_gives_up, "two threads with deadlines wait for an owner, and the one with the earlier deadline gives up")
{
    static const struct sched_params p[] = { DEADLINE(2 * MS, 80 * MS), DEADLINE(2 * MS, 40 * MS) };
    struct test_threads threads = { .n = 0 };
    int error = 0;

    set_up(p);
    mutex_lock(&mutex[0]);
    while (threads.n < array_len(p) && !error) {
        error = threads_add(&threads, PRIORITY_NORMAL, wait_long);
        if (!error)
            threads_blocked(&threads);
    }
    for (unsigned i = 0; i < threads.n; i++) {
        semaphore_up(&curtain);
        look(i);
    }
    thread_sleep(4 * MS); /* who gives up has to run for that, and its deadline is no earlier than the one that it lent */
    look(2);
    mutex_unlock(&mutex[0]);
    look(3);
    threads_join(&threads);
    return error;
}

/* Hogs beside the caller, which has run for a while: what it is owed, in virtual time, when it comes to inherit and when it does not any
   more. */
KTEST(lend_lag, "an owner under EEVDF inherits a real-time priority for a while")
{
    static const struct sched_params p[] = { FIFO(50) };
    struct fair_entity *mine = &current()->se.fair;
    struct test_threads threads = { .n = 0 };
    s64 went;
    int error;

    set_up(p);
    mutex_lock(&mutex[0]);
    use_cpu(MS);
    error = threads_add(&threads, PRIORITY_NORMAL, want_first);
    if (!error) {
        threads_blocked(&threads); /* for the curtain */
        semaphore_up(&curtain);
        threads_blocked(&threads);
        went = mine->vlag;
        look(0);
        use_cpu(2 * MS);
        fact(FACT_NOTE, 20, (u64)(mine->vlag - went));
        fact(FACT_NOTE, 21, mine->newcomer);
    }
    mutex_unlock(&mutex[0]);
    look(1);
    threads_join(&threads);
    return error;
}
