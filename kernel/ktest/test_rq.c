/* Lab 1.3, seen without threads that run: a queue of the test's own, and thread structures that only stand in it. */
#include "ktest/ktest.h"
#include "base/assert.h"
#include "ktest/threads.h"
#include "lib/string.h"

#define THREADS 24
#define FILL 0x5a /* in every field that is nobody's matter here: what is 0 already could be cleared unseen */

static struct rq queue, queue_before;
static struct thread thread[THREADS], thread_before[THREADS];
static struct thread idle;
static struct thread *me;

static void set_up(void)
{
    me = current();
    memset(&queue, FILL, sizeof(queue));
    queue.lock = (struct spinlock){ 0 };
    queue.cpu = 0;
    queue.nr_ready = 0;
    queue.curr = queue.exited = NULL;
    queue.idle = &idle;
    list_init(&queue.ready);
    idle = (struct thread){ .tid = 100, .state = THREAD_READY };
    list_init(&idle.run_link);
    for (int i = 0; i < THREADS; i++) {
        struct thread *t = &thread[i];

        memset(t, FILL, THREAD_ALL);
        t->tid = 10 + i;
        put_state(t, THREAD_READY);
        t->class = normal_class;
        string_copy(t->name, "queued", sizeof(t->name));
        list_init(&t->run_link);
    }
    memcpy(&queue_before, &queue, sizeof(queue));
    memcpy(thread_before, thread, sizeof(thread));
}

/* Which of the test's threads this is: its number, -1 for NULL, 100 for the idle thread, 98 for a thread's link instead of the thread, 99
   for something else. */
static u64 number(const struct thread *t)
{
    if (!t)
        return ~0ul;
    if (t == &idle)
        return 100;
    for (u64 i = 0; i < THREADS; i++)
        if (t == &thread[i])
            return i;
    for (u64 i = 0; i < THREADS; i++)
        if ((u64)t == (u64)&thread[i].run_link)
            return 98;
    return 99;
}

static struct thread *pop(u64 step)
{
    struct thread *t = rq_pop(&queue);

    fact(FACT_POPPED, step, number(t));
    if (number(t) >= THREADS)
        return NULL;
    fact(FACT_LINKED, number(t), !list_empty(&t->run_link));
    return t;
}

/* Whether `expected` threads stand in the queue, and the links lead through them forwards and backwards alike. */
static void tell_links(u64 expected)
{
    const struct list *it = &queue.ready;
    u64 n = 0;

    while (it->next->prev == it && it->next != &queue.ready && n <= THREADS) {
        it = it->next;
        n++;
    }
    fact(FACT_LINKS, expected, n == expected && it->next == &queue.ready && queue.ready.prev == it);
}

/* What lab 1.3 leaves alone: the queue's other fields, and all of a thread but its link. */
static int tell_the_rest(void)
{
    fact(FACT_COUNT, 0, queue.nr_ready);
    fact(FACT_RQ_CURR, 0, number(queue.curr));
    fact(FACT_CURRENT, current() == me, 0);
    set_current(me);
    queue_before.ready = queue.ready;
    queue_before.nr_ready = queue.nr_ready;
    tell_kept(THREADS, &queue, &queue_before, RQ_QUIET);
    for (u64 i = 0; i < THREADS; i++) {
        thread_before[i].run_link = thread[i].run_link;
        fact(FACT_STATE, i, thread[i].state);
        tell_kept(i, &thread[i], &thread_before[i], THREAD_ALL);
    }
    return 0;
}

KTEST(rq_order, "threads leave the run queue in the order in which they joined it")
{
    set_up();
    for (int i = 0; i < THREADS; i++)
        rq_push(&queue, &thread[i]);
    fact(FACT_QUEUE_EMPTY, 0, list_empty(&queue.ready));
    if (!list_empty(&queue.ready)) {
        fact(FACT_ORDER, 0, number(list_entry(queue.ready.next, struct thread, run_link)));
        fact(FACT_ORDER, 1, number(list_entry(queue.ready.prev, struct thread, run_link)));
    }
    for (u64 i = 0; i < THREADS; i++)
        pop(i);
    fact(FACT_QUEUE_EMPTY, 1, list_empty(&queue.ready));
    return tell_the_rest();
}

KTEST(rq_empty, "an empty run queue offers nobody, before and after use")
{
    set_up();
    pop(0);
    rq_push(&queue, &thread[0]);
    pop(1);
    pop(2);
    return tell_the_rest();
}

KTEST(rq_remove, "a thread can leave from the middle, the head and the tail, and join again")
{
    static const int leaves[] = { 5, 0, 2 }; /* in this order no thread stands where it began when the next one leaves */

    set_up();
    rq_push(&queue, &thread[3]);
    rq_remove(&queue, &thread[3]);
    tell_links(0);
    for (int i = 0; i < 6; i++)
        rq_push(&queue, &thread[i]);
    for (unsigned i = 0; i < array_len(leaves); i++) {
        rq_remove(&queue, &thread[leaves[i]]);
        tell_links(5 - i);
        fact(FACT_LINKED, (u64)leaves[i], !list_empty(&thread[leaves[i]].run_link));
    }
    rq_push(&queue, &thread[2]);
    for (u64 i = 0; i < 5; i++)
        pop(i);
    return tell_the_rest();
}

KTEST(rq_turns, "whoever is popped and pushed again goes behind all others")
{
    set_up();
    for (int i = 0; i < 3; i++)
        rq_push(&queue, &thread[i]);
    for (u64 i = 0; i < 9; i++) {
        struct thread *t = pop(i);

        tell_links(2);
        if (!t)
            break;
        rq_push(&queue, t);
        tell_links(3);
    }
    return tell_the_rest();
}

static u64 asked;
static struct thread *offers[3];

static struct thread *ask(unsigned n)
{
    fact(FACT_ASKED, asked++, n);
    return offers[n];
}

static struct thread *ask_first(struct rq *rq)
{
    (void)rq;
    return ask(0);
}

static struct thread *ask_second(struct rq *rq)
{
    (void)rq;
    return ask(1);
}

static const struct sched_class first_class = { .name = "first", .pick_next_task = ask_first };
static const struct sched_class second_class = { .name = "second", .pick_next_task = ask_second };

/* The classes' table is replaced while nobody can be scheduled: interrupts are off and this is the running thread. */
static void pick_among(const struct sched_class *one, const struct sched_class *two, const struct sched_class *three)
{
    const struct sched_class *saved[] = { sched_classes[0], sched_classes[1], sched_classes[2] };
    u64 flags = irq_save();
    struct thread *t;

    sched_classes[0] = one;
    sched_classes[1] = two;
    sched_classes[2] = three;
    t = pick_next(&queue);
    for (unsigned i = 0; i < array_len(saved); i++)
        sched_classes[i] = saved[i];
    irq_restore(flags);
    fact(FACT_POPPED, asked++, number(t));
}

/* A thread stands in the list, and the two that the classes offer do too: whether and how they come off it is the classes' business. */
KTEST(pick_order, "pick_next asks the classes in order and takes the first offer")
{
    set_up();
    for (int i = 2; i >= 0; i--)
        list_push_tail(&queue.ready, &thread[i].run_link);
    asked = 0;
    offers[0] = &thread[0];
    offers[1] = &thread[1];
    pick_among(&first_class, &second_class, NULL);
    offers[0] = NULL;
    pick_among(&first_class, &second_class, NULL);
    pick_among(&first_class, &idle_class, NULL);
    offers[1] = NULL;
    pick_among(&first_class, &second_class, &idle_class);
    for (u64 i = 0; i < 3; i++)
        fact(FACT_LINKED, i, !list_empty(&thread[i].run_link));
    return tell_the_rest();
}
