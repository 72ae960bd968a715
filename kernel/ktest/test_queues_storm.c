/* Lab 4.3, all of it at once: threads that wake each other, sleep, yield and are sent about, on all CPUs. */
#include "arch/smp.h"
#include "base/cmdline.h"
#include "base/interrupt.h"
#include "ktest/ktest.h"
#include "ktest/placed.h"
#include "ktest/random.h"
#include "ktest/threads.h"
#include "lib/string.h"
#include "sched/affinity.h"
#include "sched/control.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define CPUS 4

static u64 random_state;

static u64 random_bits(void)
{
    return random_of(&random_state);
}

static int compute_while(void *arg)
{
    u64 until = clock_ns() + 3 * NS_PER_MS, flags = irq_save();

    fact(FACT_FOUND, number_of(arg), (u64)this_cpu()->id);
    irq_restore(flags);
    while (clock_ns() < until)
        ;
    return 0;
}

KTEST(queues_spread, "new threads, and as many idle CPUs")
/* FOUND: a thread, where it began to run. */
{
    struct test_threads threads = { 0 };
    int error;

    for (unsigned i = 0; i < 1000 && (idle_cpus & 14) != 14; i++)
        cpu_relax();
    error = threads_start(&threads, 3, compute_while);
    for (u64 until = clock_ns() + NS_PER_MS; clock_ns() < until;)
        cpu_relax(); /* this CPU is busy meanwhile */
    threads_join(&threads);
    return error;
}

/* The compiler does not know what comes out, and so has to keep it. */
__attribute__((noipa)) static u64 mixed(u64 n, u64 round, u64 i)
{
    return (n * 1000003 + round) * 2654435761 + i;
}

static u64 seen_cpus; /* [a] where the threads of a test were seen */

static void note_cpu(void)
{
    u64 flags = irq_save();

    __atomic_fetch_or(&seen_cpus, 1ul << this_cpu()->id, __ATOMIC_RELAXED);
    irq_restore(flags);
}

#define PAIRS 3
#define WAKES 30

static struct semaphore ball[PAIRS];
static u64 about_to_wait[PAIRS]; /* [a] for which wake */
static volatile u64 counts[PAIRS];  /* of one thread each */

static void wait_often(u64 pair)
{
    for (u64 i = 1; i <= WAKES; i++) {
        __atomic_store_n(&about_to_wait[pair], i, __ATOMIC_RELEASE);
        semaphore_down(&ball[pair]);
        counts[pair]++;
        note_cpu();
    }
}

/* Each wake comes while the other one is on its way to wait, now a little earlier, now a little later. */
static void wake_often(u64 pair)
{
    for (u64 i = 1; i <= WAKES; i++) {
        while (__atomic_load_n(&about_to_wait[pair], __ATOMIC_ACQUIRE) < i) {
            thread_yield();
            cpu_relax();
        }
        for (u64 n = mixed(pair, i, ktest_report.count) >> 7 & 7; n; n--)
            cpu_relax();
        semaphore_up(&ball[pair]);
    }
}

static int play(void *arg)
{
    (number_of(arg) % 2 ? wait_often : wake_often)(number_of(arg) / 2);
    return 0;
}

KTEST(queues_wakeups, "pairs of threads: one wakes the other, on whatever CPU they are")
/* COUNT: a pair, how often one was woken. NOTE: how often it should be, and the CPUs on which any of them was woken, a mask. */
{
    struct test_threads threads = { 0 };
    int error;

    seen_cpus = 0;
    for (unsigned i = 0; i < PAIRS; i++) {
        semaphore_init(&ball[i], "ball", 0);
        counts[i] = about_to_wait[i] = 0;
    }
    error = threads_start(&threads, 2 * PAIRS, play);
    if (error)
        return error;
    while (__atomic_load_n(&about_to_wait[0], __ATOMIC_RELAXED) < WAKES) { /* the first one has two who wake it */
        thread_wake_by_hand(threads.tid[1]);
        thread_yield();
        cpu_relax();
    }
    threads_join(&threads);
    fact(FACT_NOTE, WAKES, seen_cpus);
    for (unsigned i = 0; i < PAIRS; i++)
        fact(FACT_COUNT, i, counts[i]);
    return 0;
}

#define WORKERS 6
#define WORDS 12

static u32 working; /* [a] */
static u64 done_by[WORKERS], spoilt[WORKERS], lost[WORKERS];

/* Gives the CPU up, now this way, now that, with values in registers and on the stack that have to be the same afterwards. */
static bool keeps(u64 n, u64 round)
{
    u64 a = mixed(n, round, 100), b = mixed(n, round, 101), c = mixed(n, round, 102), d = mixed(n, round, 103);
    volatile u64 words[WORDS];
    bool same;

    for (unsigned i = 0; i < WORDS; i++)
        words[i] = mixed(n, round, i);
    if (round % 3 == n % 3)
        thread_sleep(20000);
    else
        thread_yield();
    same = a == mixed(n, round, 100) && b == mixed(n, round, 101) && c == mixed(n, round, 102) && d == mixed(n, round, 103);
    for (unsigned i = 0; i < WORDS; i++)
        same = same && words[i] == mixed(n, round, i);
    return same;
}

static int come_and_go(void *arg)
{
    return (int)(u64)arg;
}

/* Comes back just when the thread is a ZOMBIE, and perhaps on its stack yet, if that is soon. */
static void await_zombie(tid_t tid)
{
    const struct thread *t = thread_find(tid);

    for (unsigned n = 1; n < 300 && __atomic_load_n(&t->state, __ATOMIC_ACQUIRE) != THREAD_ZOMBIE; n++) {
        cpu_relax();
        if (n % 16 == 0)
            thread_yield();
    }
}

/* Makes a thread, while others do, and takes its code. */
static bool has_child(u64 code)
{
    int got = -1;
    tid_t tid = thread_create(&(struct thread_params)THREAD_PARAMS("child", come_and_go, (void *)code));

    if (tid > 0)
        await_zombie(tid);
    return tid > 0 && !thread_join(tid, &got) && (u64)got == code;
}

static u64 rounds;

static int work_and_move(void *arg)
{
    u64 n = number_of(arg);

    for (u64 i = 0; i < rounds; i++) {
        note_cpu();
        spoilt[n] += !keeps(n, i);
        if (i % 4 == n % 4)
            lost[n] += !has_child(n * 1000 + i);
        done_by[n]++;
    }
    __atomic_fetch_sub(&working, 1, __ATOMIC_RELEASE);
    return 0;
}

/* Marks: MARK of the thread, arg 0 the mask, arg 1 whether it has begun to count (0) or nothing else does from here on (1). */
static void bind(const struct test_threads *threads, unsigned n, u64 mask)
{
    struct thread *t = thread_find(threads->tid[n]);
    u64 flags = irq_save();

    trace(TRACE_MARK, t, 0, mask, 0);
    irq_restore(flags);
    thread_set_affinity(threads->tid[n], mask);
    flags = irq_save();
    trace(TRACE_MARK, t, 0, mask, 1);
    irq_restore(flags);
}

static int storm(u64 often)
{
    struct test_threads threads = { 0 };
    int error;

    random_state = option_u64("seed") + ktest_report.count + 1;
    rounds = often;
    working = WORKERS;
    memset(done_by, 0, sizeof(done_by));
    memset(spoilt, 0, sizeof(spoilt));
    memset(lost, 0, sizeof(lost));
    seen_cpus = 0;
    error = threads_start(&threads, WORKERS, work_and_move);
    if (error)
        return error;
    while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
        bind(&threads, (unsigned)(random_bits() % WORKERS), 1 + random_bits() % 15);
        thread_wake_by_hand(threads.tid[random_bits() % WORKERS]); /* if it sleeps, perhaps just as the timer wakes it */
        thread_yield();
        cpu_relax();
    }
    threads_join(&threads);
    for (unsigned i = 0; i < WORKERS; i++) {
        fact(FACT_COUNT, i, done_by[i]);
        fact(FACT_NOTE, i, spoilt[i]);
        fact(FACT_JOINED, i, lost[i]);
    }
    fact(FACT_FOUND, 0, seen_cpus);
    return 0;
}

KTEST(queues_storm, "threads sleep, yield, and are sent about (race build)")
/* COUNT: a thread, the rounds that it did, of 20. NOTE: a thread, in how many of them its registers or stack were spoilt. JOINED: a thread,
   how often a thread that it made did not come to its end with its code. FOUND: the CPUs on which any of them ran, a mask. */
{
    return storm(20);
}

KTEST(queues_affinity, "the same, for the trace")
{
    return storm(60);
}
