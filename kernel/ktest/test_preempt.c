/* Lab 2.1: threads that never give up the CPU. They stop by the clock, so that these tests need nothing of the later exercises. */
#include "base/cpu.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/preempt.h"

static u64 end; /* ns */

static int hog(void *arg)
{
    (void)arg;
    while (clock_ns() < end)
        ;
    return 0;
}

KTEST(turns_hogs, "three threads that never yield, for 250 ms")
{
    struct test_threads threads;
    int error;

    end = clock_ns() + 250 * NS_PER_MS;
    error = threads_start(&threads, 3, hog);
    threads_join(&threads);
    return error;
}

KTEST(turns_priorities, "one thread of each priority, for 330 ms")
{
    static const enum thread_priority each[] = { 0, 1, 2, 3, 4 };
    struct test_threads threads;
    int error;

    end = clock_ns() + 330 * NS_PER_MS;
    error = threads_start_at(&threads, each, array_len(each), hog);
    threads_join(&threads);
    return error;
}

/* Uses the CPU for ns of its own time; losing it in between does not count: a look at the clock takes some 50 ns. */
static void work(u64 ns)
{
    for (u64 last = clock_ns(), now, done = 0; done < ns; last = now) {
        now = clock_ns();
        if (now - last < 100000)
            done += now - last;
    }
}

static char channel;
static volatile bool waits;

static int wakes_the_other(void)
{
    while (clock_ns() < end)
        if (waits) {
            waits = false;
            wait_over(&channel);
        }
    return 0;
}

/* Number 0: three quarters of a quantum, a wait, and then as long as it may. */
static int waits_or_wakes(void *arg)
{
    if (number_of(arg))
        return wakes_the_other();
    work(15 * NS_PER_MS);
    wait_prepare(&channel);
    waits = true;
    wait_step(&channel);
    return hog(NULL);
}

KTEST(turns_wake, "a thread that waits in the middle of its quantum, and one that wakes it at once")
{
    struct test_threads threads;
    int error;

    end = clock_ns() + 90 * NS_PER_MS;
    waits = false;
    error = threads_start(&threads, 2, waits_or_wakes);
    threads_join(&threads);
    return error;
}

/* A new priority, even the old one, asks for a decision: this thread has to make room in the middle of its quantum. */
static int interrupted(void *arg)
{
    if (number_of(arg))
        return hog(arg);
    for (unsigned i = 0; i < 3; i++) {
        fact(FACT_ORDER, i, 0);
        thread_set_priority(current()->tid, PRIORITY_NORMAL);
    }
    fact(FACT_ORDER, 3, 0);
    return hog(arg);
}

KTEST(turns_interrupted, "a thread that has to make room in the middle of its quantum, for nobody better")
{
    struct test_threads threads;
    int error;

    end = clock_ns() + 10 * NS_PER_MS;
    error = threads_start(&threads, 3, interrupted);
    threads_join(&threads);
    return error;
}

/* This thread is alone for a quantum and a half, and then has company: when does it lose the CPU? */
KTEST(turns_alone, "a quantum that is used up while nobody else waits, and company in the middle of the next one")
{
    struct test_threads threads;
    u64 began, last;
    int error;

    thread_yield(); /* a quantum begins */
    began = clock_ns();
    end = began + 60 * NS_PER_MS;
    while (clock_ns() < began + 30 * NS_PER_MS)
        ;
    error = threads_start(&threads, 1, hog);
    last = clock_ns();
    for (u64 now = last; now - last < NS_PER_MS && now < end; now = clock_ns()) /* until somebody else has run */
        last = now;
    fact(FACT_TURN, 0, last - began);
    threads_join(&threads);
    return error;
}

/* --- the tick's two functions, asked by hand ------------------------------------------------------------------------------------------ */

static u64 asked;

static void note_tick(struct rq *rq, struct thread *t)
{
    asked += rq == this_rq() && t == current();
}

/* A tick of this thread, as if it were of a class. */
static void tick_as(const struct sched_class *class)
{
    struct rq *rq = this_rq();
    struct thread *me = current();
    const struct sched_class *mine = me->class;
    u64 before = rq->nr_ticks;

    asked = 0;
    me->class = class;
    sched_tick(rq);
    me->class = mine;
    fact(FACT_COUNT, rq->nr_ticks - before, asked);
    rq->nr_ticks = before;
}

/* Whether a reschedule is due after a round-robin tick of this thread, that has run `used` cycles since slice_start. */
static bool due_after(u64 used, bool before)
{
    struct rq *rq = this_rq();
    struct thread *me = current();
    u64 ran = me->cpu_cycles;

    me->slice_start = ~0ul - 9; /* what it has run wraps in this quantum */
    me->cpu_cycles = me->slice_start + used - rq->clock;
    this_cpu()->need_resched = before;
    rr_tick(rq, me);
    me->cpu_cycles = ran;
    me->slice_start = thread_ran(rq, me);
    return this_cpu()->need_resched;
}

KTEST(tick_limits, "ticks of a class that listens and of one that does not; and just before and at the end of a quantum")
{
    static const struct sched_class listens = { .name = "listens", .task_tick = note_tick }, deaf = { .name = "deaf" };
    u64 flags = irq_save(), quantum = rr_quantum(current());
    struct rq *rq = this_rq_lock();

    tick_as(&listens);
    tick_as(&deaf);
    fact(FACT_RESULT, 0, due_after(quantum - 1, false));
    fact(FACT_RESULT, 1, due_after(quantum, false));
    fact(FACT_RESULT, 2, due_after(quantum - 1, true));
    spin_unlock_irq(&rq->lock, flags);
    return 0;
}
