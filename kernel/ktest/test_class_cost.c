/* What EEVDF and CFS cost with many threads: a run queue of the test's own, filled with thread structures that are never run. */
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sched/fair.h"
#include "sched/sched.h"

#define FEW 10
#define MOST 10000
#define FIRST_TID 10000
#define ROUNDS 1000

static struct rq queue;
static struct thread *thread[MOST + 2]; /* the last two: who runs at first, of no class, and one that comes and goes */

static void make(struct thread *t, unsigned n)
{
    memset(t, 0, sizeof(*t));
    t->tid = FIRST_TID + (tid_t)n;
    t->state = THREAD_READY;
    t->class = normal_class;
    t->cpu_mask = ~0ul;
    t->inherited = -1;
    list_init(&t->run_link);
    class_thread_init(t, NULL);
    t->se.params.nice = (s8)((int)(n * 7919 % 40) - 20); /* 7919 is a prime: in no order */
    fair_params(t);
}

/* Time passes; the running thread runs. */
static void pass(u64 time)
{
    queue.clock += time;
}

static void enqueue(struct thread *t, enum enqueue_why why)
{
    pass(1); /* no two become ready at once */
    normal_class->enqueue_task(&queue, t, why);
}

static void fill(unsigned n)
{
    queue = (struct rq){ .clock = cycles(), .curr = thread[MOST] };
    rb_tree_init(&queue.classes.fair.tree, NULL);
    make(queue.curr, MOST);
    queue.curr->cpu_cycles = -queue.clock;
    for (unsigned i = 0; i < n; i++) {
        make(thread[i], i);
        enqueue(thread[i], ENQUEUE_NEW);
    }
    make(thread[MOST + 1], MOST + 1);
}

/* The running thread has run for 1 ms and makes room for whoever runs next. */
static void turn(void)
{
    struct thread *prev = queue.curr, *next;

    pass(ns_to_cycles(NS_PER_MS));
    if (prev != thread[MOST]) {
        normal_class->enqueue_task(&queue, prev, ENQUEUE_PREEMPTED);
        normal_class->put_prev_task(&queue, prev);
    }
    next = normal_class->pick_next_task(&queue);
    prev->cpu_cycles += queue.clock;
    next->cpu_cycles -= queue.clock;
    queue.curr = next;
}

/* A thread wakes, and is taken out again. */
static void come_and_go(void)
{
    struct thread *t = thread[MOST + 1];

    enqueue(t, ENQUEUE_WAKE);
    normal_class->dequeue_task(&queue, t);
}

static u64 cost_of(void (*action)(void))
{
    u64 before = cycles();

    for (unsigned i = 0; i < ROUNDS; i++)
        action();
    return (cycles() - before) / ROUNDS;
}

static void free_all(void)
{
    for (unsigned i = 0; i < MOST + 2; i++)
        kfree(thread[i]);
}

static int make_all(void)
{
    for (unsigned i = 0; i < MOST + 2; i++) {
        thread[i] = kmalloc(sizeof(struct thread));
        if (!thread[i]) {
            free_all();
            return -ENOMEM;
        }
    }
    return 0;
}

KTEST(class_cost, "a turn of one thread among 10 to 10,000, and one that wakes and leaves (sched=eevdf or cfs)")
{
    int error = make_all();
    u64 flags;

    if (error)
        return error;
    flags = irq_save();
    for (unsigned n = FEW; n <= MOST; n *= 10) {
        fill(n);
        turn(); /* the first one has nobody to make room for */
        fact(FACT_COST, n, cost_of(turn));
        fact(FACT_COST, n, cost_of(come_and_go));
    }
    irq_restore(flags);
    free_all();
    return 0;
}
