/* Lab 1.4: threads that give each other the CPU. They never exit, so that these tests need nothing of lab 1.5. */
#include "base/trace.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"

static volatile u64 turns;
static u64 turns_each;

static _Noreturn void yield_for_ever(void)
{
    for (;;)
        thread_yield();
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
    return play(3, 4, take_turns);
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

static tid_t main_tid;

static int look_around(void *arg)
{
    (void)arg;
    for (u64 turn = 0; turn < turns_each; turn++) {
        const struct thread *me = current();

        /* This thread's stack is where it stands: the one thing about "who am I" that no variable can get wrong. */
        fact(FACT_CURRENT, stack_pointer() - me->stack.base < me->stack.size, (u64)me->tid);
        fact(FACT_RQ_CURR, (u64)me->tid, (u64)this_rq()->curr->tid);
        fact(FACT_STATE, (u64)me->tid, me->state);
        fact(FACT_NOTE, (u64)main_tid, thread_find(main_tid)->state);
        turns++;
        thread_yield();
    }
    yield_for_ever();
}

KTEST(yield_current, "current(), the run queue and the thread's state agree on who runs")
{
    main_tid = current()->tid;
    return play(3, 3, look_around);
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
