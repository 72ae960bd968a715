/* Lab 5 on several CPUs: threads of all classes that compute, wait and are throttled, and get other policies and masks from each other,
   wherever they are at that moment; and one that takes the end of its budget along. */
#include "arch/smp.h"
#include "base/cmdline.h"
#include "ktest/cast.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "lib/errno.h"
#include "sched/affinity.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define CROWD 6
#define US    1000ul

static struct test_threads crowd;
static u64 rounds, begins_with, done_by[CROWD], with_deadline;
static u32 at_work; /* [a] */

static const struct sched_params policies[] = {
    NICE(0), NICE_SLICE(5, 700 * US), IDLE_POLICY, FIFO(10), RR(10), FIFO(20),
    DEADLINE(100 * US, 400 * US, 1000 * US), DEADLINE(20 * US, 50 * US, 50 * US), DEADLINE(200 * US, 500 * US, 500 * US),
};

static tid_t anybody(u64 *state)
{
    return crowd.tid[random_of(state) % CROWD];
}

static void change_policy(tid_t tid, u64 *state)
{
    const struct sched_params *p = &policies[random_of(state) % array_len(policies)];

    if (p->policy == SCHED_DEADLINE && random_of(state) % 2)
        thread_set_affinity(tid, cpus_online); /* or it is refused */
    if (!thread_set_params(tid, p) && p->policy == SCHED_DEADLINE)
        __atomic_fetch_add(&with_deadline, 1, __ATOMIC_RELAXED);
}

static int short_life(void *arg)
{
    (void)arg;
    use_cpu(10 * US);
    return 0;
}

/* A thread that ends with a deadline, perhaps before it came to the CPU that reserved for it. */
static void bring_up(u64 *state)
{
    tid_t tid = thread_create(&(struct thread_params)THREAD_PARAMS("short", short_life, NULL));

    if (tid <= 0)
        return;
    thread_set_params(tid, &policies[array_len(policies) - 1 - random_of(state) % 3]);
    thread_join(tid, NULL);
}

static int meddle(void *arg)
{
    u64 n = number_of(arg), state = (begins_with << 8 | n) + 1;

    for (u64 i = 0; i < rounds; i++) {
        switch (random_of(&state) % 8) {
        case 0:
            thread_yield();
            break;
        case 1:
            thread_sleep((1 + random_of(&state) % 100) * US);
            break;
        case 2:
        case 3:
            change_policy(anybody(&state), &state);
            break;
        case 4:
            thread_set_affinity(anybody(&state), 1 + random_of(&state) % cpus_online);
            break;
        case 5:
            thread_wake_by_hand(anybody(&state));
            break;
        case 6:
            bring_up(&state);
            break;
        default:
            use_cpu((1 + random_of(&state) % 150) * US);
        }
        done_by[n]++;
    }
    __atomic_fetch_sub(&at_work, 1, __ATOMIC_RELEASE);
    return 0;
}

/* FOUND: a CPU, what deadline threads have reserved there and none of those who left will give back. TURN: a CPU, how many wait there.
   LOAD: a CPU, how many of those that run or wait there are no load. */
static void tell_rest(void)
{
    for (u64 left = cpus_online; left; left &= left - 1) {
        struct rq *rq = &run_queues[__builtin_ctzl(left)];
        u64 flags = irq_save();

        rq_lock(rq);
        fact(FACT_FOUND, (u64)rq->cpu, rq->classes.dl.bandwidth - rq->classes.dl.leaving - rq->classes.dl.returned);
        fact(FACT_TURN, (u64)rq->cpu, rq->nr_ready);
        fact(FACT_LOAD, (u64)rq->cpu, class_no_load(rq));
        spin_unlock_irq(&rq->lock, flags);
    }
}

KTEST(class_storm, "threads of all classes on all CPUs, that change each other")
/* rounds= that each does. COUNT: a thread, how many it did. NOTE: how many, and how often somebody got a deadline. */
{
    u64 state = option_u64("seed") + ktest_report.count + 1;
    int error;

    begins_with = state;
    rounds = option_u64("rounds") ?: 20;
    with_deadline = 0;
    at_work = CROWD;
    for (unsigned i = 0; i < CROWD; i++)
        done_by[i] = 0;
    error = threads_start(&crowd, CROWD, meddle);
    if (error)
        return error;
    while (__atomic_load_n(&at_work, __ATOMIC_ACQUIRE)) {
        tid_t tid = anybody(&state);

        change_policy(anybody(&state), &state);
        if (!thread_suspend(tid))
            thread_resume(tid);
        thread_sleep(30 * US);
    }
    threads_join(&crowd);
    for (unsigned i = 0; i < CROWD; i++)
        fact(FACT_COUNT, i, done_by[i]);
    fact(FACT_NOTE, rounds, with_deadline);
    tell_rest();
    return 0;
}

/* --- throttled elsewhere ----------------------------------------------------------------------------------------------------------- */

#define MS    NS_PER_MS
#define COMES 5

static struct semaphore never;
static volatile bool over;

static int wait_for_the_end(void *arg)
{
    (void)arg;
    thread_set_affinity(current()->tid, 1); /* that is where it reserves */
    semaphore_down(&never);
    return 0;
}

static int compute(void *arg)
{
    (void)arg;
    thread_set_affinity(current()->tid, 1ul << 1);
    while (!over) {
        use_cpu(5 * US);
        cpu_relax(); /* the other CPU goes on meanwhile; a guest that does nothing else costs the host a thousand times as much */
    }
    return 0;
}

/* CPU 1 reserves for it; before it goes there it uses up its budget here. */
static int come_throttled(void *arg)
{
    struct sched_params p = DEADLINE(MS / 2, 3 * MS, 3 * MS);
    u64 began;

    thread_set_affinity(current()->tid, 1);
    thread_sleep(number_of(arg) * 2300 * US);
    preempt_disable();
    thread_set_affinity(current()->tid, cpus_online);
    began = clock_ns();
    thread_set_params(current()->tid, &p);
    use_cpu(MS);
    preempt_enable();
    fact(FACT_RESPONSE, (u64)current()->last_cpu, clock_ns() - began - 3 * MS);
    return 0;
}

KTEST(class_comes_throttled, "a thread that comes to a busy CPU without budget, five times (hz=100)")
/* RESPONSE: where it went on, and ns that it came late. */
{
    static const struct sched_params most = DEADLINE(90 * MS, 100 * MS, 100 * MS);
    struct test_threads others = { 0 };
    int error;

    over = false;
    semaphore_init(&never, "never", 0);
    error = threads_add(&others, PRIORITY_NORMAL, wait_for_the_end);
    thread_sleep(MS);
    if (!error) {
        thread_set_affinity(others.tid[0], cpus_online);
        error = thread_set_params(others.tid[0], &most);
    }
    if (!error)
        error = threads_add(&others, PRIORITY_NORMAL, compute);
    for (unsigned i = 0; !error && i < COMES; i++) {
        error = threads_add(&others, PRIORITY_NORMAL, come_throttled);
        thread_sleep(50 * MS);
    }
    over = true;
    semaphore_up(&never);
    threads_join(&others);
    return error;
}
