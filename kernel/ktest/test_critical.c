/* Lab 2.2: sections that nobody may interrupt. */
#include "base/cpu.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/preempt.h"
#include "sched/timer.h"

#define ROUNDS 100

static volatile u64 shared;

static int add_in_critical(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        u64 was = critical_enter();

        shared = shared + 1;
        critical_exit(was);
    }
    return 0;
}

static int add_without_preemption(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        preempt_disable();
        shared = shared + 1;
        preempt_enable();
    }
    return 0;
}

static int count_together(int (*add)(void *))
{
    struct test_threads threads;
    u64 switches = this_rq()->nr_switches;
    int error;

    shared = 0;
    error = threads_start(&threads, 3, add);
    threads_join(&threads);
    fact(FACT_SWITCHES, switches, this_rq()->nr_switches);
    fact(FACT_NOTE, shared, threads.n * ROUNDS);
    return error;
}

KTEST(critical_counter, "a counter that three threads change in critical sections")
{
    return count_together(add_in_critical);
}

KTEST(preempt_counter, "a counter that three threads change with preemption off")
{
    return count_together(add_without_preemption);
}

KTEST(critical_nests, "a critical section inside another one, and one that begins with interrupts off")
{
    u64 outer = critical_enter(), inner;

    fact(FACT_INTERRUPTS, 0, irq_enabled());
    inner = critical_enter();
    fact(FACT_INTERRUPTS, 1, irq_enabled());
    critical_exit(inner);
    fact(FACT_INTERRUPTS, 2, irq_enabled());
    critical_exit(outer);
    fact(FACT_INTERRUPTS, 3, irq_enabled());
    irq_disable();
    outer = critical_enter();
    critical_exit(outer);
    fact(FACT_INTERRUPTS, 4, irq_enabled());
    preempt_disable();
    fact(FACT_INTERRUPTS, 5, irq_enabled());
    preempt_enable();
    fact(FACT_INTERRUPTS, 6, irq_enabled());
    irq_enable();
    return 0;
}

static u64 spin(u64 ns)
{
    u64 until = clock_ns() + ns, before = timer_interrupts();

    while (clock_ns() < until)
        ;
    return timer_interrupts() - before;
}

KTEST(critical_interrupts, "timer interrupts inside both kinds of section, 5 ms each")
{
    u64 was = critical_enter(), came = spin(5 * NS_PER_MS);

    critical_exit(was);
    fact(FACT_INTERRUPTS, 0, came);
    preempt_disable();
    came = spin(5 * NS_PER_MS);
    preempt_enable();
    fact(FACT_INTERRUPTS, 1, came);
    return 0;
}

static volatile u64 turns;

static int count_turns(void *arg)
{
    (void)arg;
    turns++;
    while (!shared)
        turns++;
    return 0;
}

KTEST(preempt_makes_up, "a quantum that ends while preemption is off, in a section inside another one")
{
    struct test_threads threads;
    int error;

    shared = turns = 0;
    error = threads_start(&threads, 1, count_turns);
    preempt_disable();
    preempt_disable();
    spin(25 * NS_PER_MS); /* the quantum is 20 */
    fact(FACT_COUNT, 0, turns);
    preempt_enable();
    fact(FACT_COUNT, 1, turns);
    preempt_enable();
    fact(FACT_COUNT, 2, turns);
    shared = 1;
    threads_join(&threads);
    return error;
}

/* A new priority, even the old one, asks for a decision, which has to wait while interrupts are off. */
KTEST(critical_makes_up, "a reschedule that becomes due in a critical section inside another one")
{
    u64 outer = critical_enter(), inner = critical_enter();

    thread_set_priority(current()->tid, PRIORITY_NORMAL);
    fact(FACT_COUNT, 0, this_cpu()->need_resched);
    critical_exit(inner);
    fact(FACT_COUNT, 1, this_cpu()->need_resched);
    critical_exit(outer);
    fact(FACT_COUNT, 2, this_cpu()->need_resched);
    return 0;
}

/* --- at the end of a section: a preemption if one is due, and nothing else ---------------------------------------------------------- */

/* How often the scheduler was asked, and whether it is to be asked again. */
static void look(u64 step)
{
    fact(FACT_SWITCHES, step, this_rq()->nr_switches + this_rq()->nr_stays);
    fact(FACT_COUNT, step, this_cpu()->need_resched);
    fact(FACT_TURN, step, turns);
}

static void becomes_due(void)
{
    thread_set_priority(current()->tid, PRIORITY_NORMAL);
}

KTEST(sections_end, "sections of both kinds, one inside the other, while another thread waits and this one has quantum left")
{
    struct test_threads threads;
    u64 was;
    int error;

    shared = turns = 0;
    error = threads_start(&threads, 1, count_turns);
    thread_yield(); /* now it counts; a quantum begins */
    look(0);
    preempt_disable();
    preempt_enable();
    critical_exit(critical_enter());
    look(1);
    preempt_disable();
    becomes_due();
    preempt_enable();
    look(2);
    was = critical_enter();
    becomes_due();
    critical_exit(was);
    look(3);
    preempt_disable();
    was = critical_enter();
    becomes_due();
    critical_exit(was);
    look(4);
    preempt_enable();
    look(5);
    was = critical_enter();
    becomes_due();
    preempt_disable();
    preempt_enable();
    look(6);
    critical_exit(was);
    look(7);
    shared = 1;
    threads_join(&threads);
    return error;
}
