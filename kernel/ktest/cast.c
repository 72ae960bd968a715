/* Threads of tests that play a part (cast.h). */
#include "ktest/cast.h"
#include "ktest/ktest.h"
#include "sched/affinity.h"
#include "sched/fair.h"
#include "sched/preempt.h"
#include "sched/stat.h"
#include "sched/sync.h"
#include "sched/timer.h"

static const struct part *parts;
static struct test_threads cast;
static u64 began, ends, measured_from, before[TEST_THREADS_MAX];

bool plays(void)
{
    return clock_ns() < ends;
}

/* A thread of another policy than SCHED_OTHER waits here until it has that. */
static struct semaphore curtain;

static bool waits_for_policy(const struct part *part)
{
    return part->p.policy != SCHED_OTHER;
}

static int act(void *arg)
{
    const struct part *part = &parts[number_of(arg)];

    if (waits_for_policy(part))
        semaphore_down(&curtain);
    while (plays()) {
        if (!part->works)
            continue;
        use_cpu(part->works);
        if (part->rests)
            thread_sleep(part->rests);
        else
            thread_yield();
    }
    return 0;
}

tid_t player(unsigned n)
{
    return cast.tid[n];
}

/* t, which is new, begins with these numbers, as if it had them from its maker. */
static void begin_with(struct thread *t, const struct sched_params *p)
{
    u64 flags = irq_save();

    t->se.asked = t->se.params = *p;
    fair_params(t);
    if (trace_on)
        class_trace_new(t);
    irq_restore(flags);
}

/* Thread n is as its part says, and not ready yet. */
static struct thread *make(unsigned n, int *error)
{
    struct thread_params params = THREAD_PARAMS("player", act, (void *)(u64)n);
    struct thread *t = thread_new(&params, error);

    if (!t)
        return NULL;
    if (!waits_for_policy(&parts[n]))
        begin_with(t, &parts[n].p);
    if (parts[n].mask)
        thread_set_affinity(t->tid, parts[n].mask);
    return t;
}

/* Whoever starts later waits for its time where nobody sees it: it is launched by the caller. */
static struct thread *late[TEST_THREADS_MAX];

static void launch(unsigned n)
{
    struct thread *t = late[n];

    late[n] = NULL;
    thread_launch(t);
}

/* Starts those who wait for their policy, and sleeps until all of them do. */
static void go_behind_curtain(void)
{
    for (unsigned i = 0; i < cast.n; i++)
        if (waits_for_policy(&parts[i])) {
            launch(i);
            for (unsigned tries = 0; tries < 1000 && thread_find(cast.tid[i])->state != THREAD_BLOCKED; tries++)
                thread_sleep(NS_PER_MS / 100);
        }
}

int play_begin(const struct part *part, unsigned n, u64 ns)
{
    int error = 0;

    parts = part;
    cast.n = 0;
    while (cast.n < n && (late[cast.n] = make(cast.n, &error))) {
        cast.tid[cast.n] = late[cast.n]->tid;
        fact(FACT_TID, cast.n, (u64)late[cast.n]->tid);
        cast.n++;
    }
    if (error) {
        for (unsigned i = 0; i < cast.n; i++)
            thread_discard(late[i]);
        return error;
    }
    semaphore_init(&curtain, "curtain", 0);
    go_behind_curtain();
    preempt_disable(); /* all begin together, whatever they are */
    began = clock_ns();
    ends = began + ns;
    for (unsigned i = 0; i < n; i++)
        if (waits_for_policy(&part[i]))
            fact(FACT_RESULT, i, (u64)(s64)thread_set_params(cast.tid[i], &part[i].p));
    for (unsigned i = 0; i < n; i++)
        if (waits_for_policy(&part[i]))
            semaphore_up(&curtain);
        else if (!part[i].starts)
            launch(i);
    preempt_enable();
    return 0;
}

void play_until(u64 ns)
{
    for (unsigned i = 0; i < cast.n; i++)
        if (late[i] && parts[i].starts <= ns) {
            thread_sleep_until(began + parts[i].starts);
            launch(i);
        }
    thread_sleep_until(began + ns);
}

void play_measure(void)
{
    preempt_disable();
    measured_from = clock_ns();
    for (unsigned i = 0; i < cast.n; i++)
        before[i] = thread_cpu_ns(thread_find(cast.tid[i]));
    preempt_enable();
}

void play_measured(void)
{
    u64 after[TEST_THREADS_MAX], now;

    preempt_disable();
    now = clock_ns();
    for (unsigned i = 0; i < cast.n; i++)
        after[i] = thread_cpu_ns(thread_find(cast.tid[i])) - before[i];
    preempt_enable();
    fact(FACT_NOTE, 0, now - measured_from);
    for (unsigned i = 0; i < cast.n; i++)
        fact(FACT_CPU_TIME, i, after[i]);
}

void play_end(void)
{
    for (unsigned i = 0; i < cast.n; i++)
        if (late[i])
            launch(i);
    threads_join(&cast);
}

int play(const struct part *part, unsigned n, u64 ns, u64 from)
{
    int error = play_begin(part, n, ns);

    if (error)
        return error;
    play_until(from);
    play_measure();
    play_until(ns - NS_PER_MS / 10);
    play_measured();
    play_end();
    return 0;
}
