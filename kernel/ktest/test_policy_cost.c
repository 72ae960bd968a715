/* What the policy in force costs with many threads: a run queue of the test's own, filled with thread structures that are never run. */
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sched/sched.h"

#define MOST 1000
#define ROUNDS 500

static struct rq queue;
static struct thread *thread[MOST + 1]; /* the last one runs */

/* A thread as the policy sees it: of any priority, with any expected burst. */
static void make(struct thread *t, unsigned n)
{
    memset(t, 0, sizeof(*t));
    t->tid = 10000 + (tid_t)n;
    t->state = THREAD_READY;
    t->class = normal_class;
    t->priority = (enum thread_priority)(n % 5);
    t->burst_ns = (1 + n * 7919 % MOST) * 1000; /* 7919 is a prime: all different, in no order */
    t->inherited = -1;
    list_init(&t->run_link);
}

static int make_threads(void)
{
    for (unsigned n = 0; n <= MOST; n++) {
        thread[n] = kmalloc(sizeof(struct thread));
        if (!thread[n])
            return -ENOMEM;
        make(thread[n], n);
    }
    return 0;
}

static void free_threads(void)
{
    for (unsigned n = 0; n <= MOST; n++) {
        kfree(thread[n]);
        thread[n] = NULL;
    }
}

/* As long as the clock of the queue stands still, nobody ages and nothing is boosted; it moves a little so that no two become ready at
   once. */
static void enqueue(struct thread *t, enum enqueue_why why)
{
    queue.clock++;
    normal_class->enqueue_task(&queue, t, why);
}

static void pick_and_put_back(void)
{
    enqueue(normal_class->pick_next_task(&queue), ENQUEUE_WAKE);
}

static void tick(void)
{
    queue.clock++;
    normal_class->task_tick(&queue, queue.curr);
}

/* What action costs with n that wait. */
static void measure(unsigned n, void (*action)(void))
{
    u64 flags = irq_save(), before;

    queue = (struct rq){ .clock = cycles() };
    list_init(&queue.ready);
    policies_init(&queue);
    for (unsigned i = 0; i < n; i++)
        enqueue(thread[i], ENQUEUE_NEW);
    queue.curr = thread[MOST];
    before = cycles();
    for (unsigned i = 0; i < ROUNDS; i++)
        action();
    fact(FACT_COST, n, (cycles() - before) / ROUNDS);
    while (normal_class->pick_next_task(&queue))
        ;
    irq_restore(flags);
}

static int measure_all(void (*action)(void))
{
    int error = make_threads();

    for (unsigned n = 10; n <= MOST && !error; n *= 10)
        measure(n, action);
    free_threads();
    return error;
}

KTEST(policy_cost, "picking a thread and putting it back, with 10, 100 and 1000 that wait")
{
    return measure_all(pick_and_put_back);
}

KTEST(policy_tick_cost, "the tick of a thread that runs, with 10, 100 and 1000 that wait (rr, prio, mlfq)")
{
    return normal_class->task_tick ? measure_all(tick) : 0;
}
