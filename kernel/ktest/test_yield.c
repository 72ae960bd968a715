/* Lab 1.4: threads that give each other the CPU. They never exit, so that these tests need nothing of lab 1.5. */
#include "base/trace.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/string.h"

#define FOR_EVER 1000 /* yields of one thread: no test has so many */

static volatile u64 turns;
static u64 turns_each;

static struct thread *starter; /* plays the game and looks after it */

/* Until the test is over. */
static _Noreturn void yield_for_ever(void)
{
    for (unsigned i = 0; i < FOR_EVER; i++)
        thread_yield();
    panic("thread_yield: thread %d (%s) has yielded %u times, and thread %d (%s), which is %s, was never chosen: who yields goes behind "
          "everybody who waits", current()->tid, current()->name, FOR_EVER, starter->tid, starter->name, thread_state_name(starter->state));
}

static int take_turns(void *arg)
{
    for (u64 turn = 0; turn < turns_each; turn++) {
        fact(FACT_TURN, number_of(arg), turn);
        turns++;
        thread_yield();
    }
    yield_for_ever();
}

static int play(unsigned n, u64 each, int (*entry)(void *))
{
    struct test_threads threads;
    int error;

    starter = current();
    turns = 0;
    turns_each = each;
    error = threads_start(&threads, n, entry);
    if (!error)
        yield_until(&turns, n * each, 2 * n * each);
    fact(FACT_NOTE, turns, n * each);
    threads_abandon(&threads);
    return error;
}

KTEST(yield_order, "threads that yield take turns in the order in which they became ready")
{
    for (unsigned n = 1; n <= 3; n++) {
        int error = play(n, 4, take_turns);

        if (error)
            return error;
    }
    return 0;
}

KTEST(yield_many, "eight threads, fifty turns each: nobody is passed over")
{
    return play(8, 50, take_turns);
}

KTEST(yield_alone, "a yield with nobody else ready returns at once, without a switch")
{
    struct rq *rq = this_rq();
    u64 switches = rq->nr_switches, stays = rq->nr_stays;

    for (unsigned i = 0; i < 5; i++)
        thread_yield();
    fact(FACT_SWITCHES, switches, rq->nr_switches);
    fact(FACT_NOTE, stays, rq->nr_stays);
    fact(FACT_STATE, (u64)current()->tid, current()->state);
    fact(FACT_LINKED, (u64)current()->tid, !list_empty(&current()->run_link));
    return 0;
}

/* A yield by which the thread itself loses nothing but its turn. */
static void yield_and_compare(void)
{
    struct thread *me = current();
    struct thread before;

    memcpy(&before, me, sizeof(before));
    thread_yield();
    before.rsp = me->rsp;
    before.last_cpu = me->last_cpu;
    before.cpu_cycles = me->cpu_cycles;
    before.nr_switches = me->nr_switches;
    tell_kept((u64)me->tid, me, &before, THREAD_QUIET);
}

static int look_around(void *arg)
{
    (void)arg;
    for (u64 turn = 0; turn < turns_each; turn++) {
        const struct thread *me = current();

        /* This thread's stack is where it stands: the one thing about "who am I" that no variable can get wrong. */
        fact(FACT_CURRENT, stack_pointer() - me->stack.base < me->stack.size, (u64)me->tid);
        fact(FACT_RQ_CURR, (u64)me->tid, (u64)this_rq()->curr->tid);
        fact(FACT_STATE, (u64)me->tid, me->state);
        fact(FACT_NOTE, (u64)starter->tid, starter->state);
        turns++;
        yield_and_compare();
    }
    yield_for_ever();
}

KTEST(yield_current, "current(), the run queue and the thread's state agree on who runs")
{
    return play(3, 3, look_around);
}

static struct {
    struct thread prev, next;
    struct rq rq;
} before;

/* What schedule() does around a switch, without choosing: the next thread finds the run queue locked. */
static void step(struct rq *rq, struct thread *prev, struct thread *next)
{
    put_state(prev, THREAD_READY);
    put_state(next, THREAD_READY);
    memcpy(&before.prev, prev, sizeof(*prev));
    memcpy(&before.next, next, sizeof(*next));
    memcpy(&before.rq, rq, sizeof(*rq));
    switch_to(rq, prev, next);
}

/* What step() has changed, seen from the thread to which it switched. */
static void tell_step(struct rq *rq, struct thread *prev, struct thread *next)
{
    before.prev.rsp = prev->rsp;
    before.next.state = next->state;
    before.next.state_set = next->state_set;
    before.rq.lock = rq->lock;
    before.rq.clock = rq->clock;
    before.rq.curr = rq->curr;
    tell_kept((u64)prev->tid, prev, &before.prev, THREAD_QUIET);
    tell_kept((u64)next->tid, next, &before.next, THREAD_QUIET);
    tell_kept(0, rq, &before.rq, RQ_QUIET);
}

static int step_back(void *arg)
{
    struct rq *rq = this_rq();
    struct thread *me = arg;

    irq_disable();
    tell_step(rq, starter, current());
    rq_lock(rq);
    step(rq, current(), me);
    panic("switch_to: came back to a thread that nobody switched to");
}

KTEST(yield_switch, "what switch_to() changes of two threads and the run queue, from one to the other and back")
{
    struct thread_params params = THREAD_PARAMS("other", step_back, current());
    int error;
    struct thread *other = thread_new(&params, &error);
    struct rq *rq;
    u64 flags;

    if (!other)
        return error;
    starter = current();
    flags = irq_save();
    rq = this_rq_lock();
    step(rq, starter, other);
    tell_step(rq, other, starter);
    spin_unlock_irq(&rq->lock, flags);
    put_state(other, THREAD_NEW);
    thread_discard(other);
    return 0;
}

#define WORDS 64

/* Each thread fills its stack with its own pattern and finds it again after every yield. */
static int keep_pattern(void *arg)
{
    volatile u64 words[WORDS];
    u64 wrong = 0;

    for (unsigned i = 0; i < WORDS; i++)
        words[i] = number_of(arg) * 1000 + i;
    for (u64 turn = 0; turn < turns_each; turn++) {
        thread_yield();
        for (unsigned i = 0; i < WORDS; i++)
            wrong += words[i] != number_of(arg) * 1000 + i;
        turns++;
    }
    fact(FACT_REG_AFTER, number_of(arg), wrong);
    yield_for_ever();
}

KTEST(yield_stacks, "what a thread has on its stack is there again after a yield")
{
    return play(4, 10, keep_pattern);
}
