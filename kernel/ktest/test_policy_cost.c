/* Whom the policy in force picks, and what it costs with many threads: a run queue of the test's own, filled with thread structures that
   are never run. */
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sched/sched.h"

#define FEW          10
#define MOST         1000
#define THREADS_SIZE ((MOST + 1) * sizeof(struct thread))
#define FIRST_TID    10000
#define ROUNDS       100
#define BOOSTS       10 /* in that many rounds */

static struct rq queue;
static struct thread *thread; /* MOST + 1 of them: the last one runs */

/* A thread as the policy sees it: of any priority, at one of so many levels, with any expected burst, the same one as a neighbour's. */
static void make(struct thread *t, unsigned n, unsigned levels)
{
    memset(t, 0, sizeof(*t));
    t->tid = FIRST_TID + (tid_t)n;
    t->state = THREAD_READY;
    t->class = normal_class;
    t->priority = (enum thread_priority)(n % 5);
    t->burst_ns = (1 + n / 2 * 7919 % MOST) * 1000; /* 7919 is a prime: in no order */
    t->inherited = -1;
    t->mlfq = (struct mlfq_entity){ .level = (u8)(n % levels), .boost = queue.clock / policy.mlfq_boost };
    list_init(&t->run_link);
}

/* Time passes while nobody runs. */
static void pass(u64 time)
{
    queue.clock += time;
    queue.curr->cpu_cycles -= time;
}

static void enqueue(struct thread *t, enum enqueue_why why)
{
    pass(1); /* no two become ready at once */
    normal_class->enqueue_task(&queue, t, why);
}

static void fill(unsigned n, unsigned levels)
{
    queue = (struct rq){ .clock = cycles(), .curr = &thread[MOST] };
    list_init(&queue.ready);
    policies_init(&queue);
    make(queue.curr, MOST, levels);
    queue.curr->cpu_cycles = -queue.clock;
    for (unsigned i = 0; i < n; i++) {
        make(&thread[i], i, levels);
        enqueue(&thread[i], ENQUEUE_NEW);
    }
}

static void pick_and_put_back(void)
{
    enqueue(normal_class->pick_next_task(&queue), ENQUEUE_WAKE);
}

static void tick(void)
{
    pass(1);
    normal_class->task_tick(&queue, queue.curr);
}

/* What action costs with n that wait, boosts included. All stand at one level: whether a list is empty makes a small difference. */
static void measure(unsigned n, void (*action)(void))
{
    u64 flags = irq_save(), before;

    fill(n, 1);
    before = cycles();
    for (unsigned i = 1; i <= ROUNDS; i++) {
        if (i % (ROUNDS / BOOSTS) == 0)
            pass(policy.mlfq_boost);
        action();
    }
    fact(FACT_COST, n, (cycles() - before) / ROUNDS);
    while (normal_class->pick_next_task(&queue))
        ;
    irq_restore(flags);
}

static int measure_all(void (*action)(void))
{
    thread = kmalloc(THREADS_SIZE);
    if (!thread)
        return -ENOMEM;
    for (unsigned n = FEW; n <= MOST; n *= 10)
        measure(n, action);
    kfree(thread);
    return 0;
}

/* Every third one's priority is set anew while it waits, to what it was. */
KTEST(policy_order, "in which order ten that wait are picked")
{
    u64 flags;

    thread = kmalloc(THREADS_SIZE);
    if (!thread)
        return -ENOMEM;
    flags = irq_save();
    fill(FEW, MLFQ_LEVELS);
    for (unsigned i = 0; i < FEW; i += 3) {
        normal_class->dequeue_task(&queue, &thread[i]);
        enqueue(&thread[i], ENQUEUE_CHANGED);
    }
    for (unsigned i = 0; i < FEW; i++)
        fact(FACT_POPPED, i, (u64)normal_class->pick_next_task(&queue)->tid - FIRST_TID);
    irq_restore(flags);
    kfree(thread);
    return 0;
}

KTEST(policy_cost, "picking a thread and putting it back, with 10, 100 and 1000 that wait")
{
    return measure_all(pick_and_put_back);
}

KTEST(policy_tick_cost, "the tick of a thread that runs, with 10, 100 and 1000 that wait (rr, prio, mlfq)")
{
    return normal_class->task_tick ? measure_all(tick) : 0;
}
