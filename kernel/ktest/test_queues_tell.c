/* Lab 4.3: a CPU that has to choose anew is told: who is woken for another CPU runs there at once. */
#include "arch/smp.h"
#include "base/interrupt.h"
#include "ktest/free_queue.h"
#include "ktest/ktest.h"
#include "ktest/placed.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/affinity.h"
#include "sched/control.h"
#include "sched/timer.h"
#include "sched/wait.h"

#define CPUS 4

#define MOST_LOOKS 3000 /* of the waker, for one that is to run at once: less than a tick */

static struct {
    u32 waits, ran; /* [a] */
    u64 ticks;      /* of its CPU, when it ran */
    int cpu;
} sleeper;

static u32 over; /* [a] */

static int sleep_once(void *unused)
{
    u64 flags = irq_save();

    (void)unused;
    __atomic_store_n(&sleeper.waits, 1, __ATOMIC_RELEASE);
    thread_block(NULL, "to be woken");
    sleeper.cpu = this_cpu()->id;
    sleeper.ticks = this_rq()->nr_ticks;
    irq_restore(flags);
    __atomic_store_n(&sleeper.ran, 1, __ATOMIC_RELEASE);
    return 0;
}

/* t, which will wait, does, and all CPUs in the mask idle. */
static void settle(const struct thread *t, u64 idle)
{
    while (*(volatile enum thread_state *)&t->state != THREAD_BLOCKED ||
           (__atomic_load_n(&idle_cpus, __ATOMIC_RELAXED) & idle) != idle)
        cpu_relax();
}

/* Wakes t and waits for it, without giving this CPU up. Tells FOUND: step, where it ran; NOTE: step, whether it ran soon; TURN: step, that
   CPU's ticks in between. */
static void wake_and_watch(u64 step, struct thread *t, int cpu)
{
    u64 ticks = run_queues[cpu].nr_ticks;
    bool soon;

    thread_wake(t);
    for (unsigned i = 0; i < MOST_LOOKS && !__atomic_load_n(&sleeper.ran, __ATOMIC_ACQUIRE); i++)
        cpu_relax();
    soon = __atomic_load_n(&sleeper.ran, __ATOMIC_ACQUIRE);
    while (!__atomic_load_n(&sleeper.ran, __ATOMIC_ACQUIRE)) { /* the test has to end all the same */
        ipi_send(cpus[t->last_cpu].arch.apic_id, VECTOR_RESCHEDULE);
        thread_yield();
        cpu_relax();
    }
    fact(FACT_FOUND, step, (u64)sleeper.cpu);
    fact(FACT_NOTE, step, soon);
    fact(FACT_TURN, step, sleeper.ticks - ticks);
}

/* A thread that sleeps on `from` is woken, and may run where mask says. */
static int wake_there(u64 step, int from, u64 mask, u64 idle, int expected)
{
    struct thread *t;
    int error;

    memset(&sleeper, 0, sizeof(sleeper));
    t = start_on(from, sleep_once, NULL, &error);
    if (!t)
        return error;
    thread_set_affinity(t->tid, mask);
    settle(t, idle);
    wake_and_watch(step, t, expected);
    end_of(t);
    return 0;
}

static int say_where(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        u64 flags = irq_save();

        __atomic_store_n(&sleeper.cpu, this_cpu()->id, __ATOMIC_RELAXED);
        irq_restore(flags);
        cpu_relax();
    }
    return 0;
}

/* A thread that computes on CPU 1 is sent to CPU 3. Tells as wake_and_watch() does. */
static int send_there(u64 step)
{
    struct thread *t;
    u64 ticks;
    int error;

    over = 0;
    memset(&sleeper, 0, sizeof(sleeper));
    t = start_on(1, say_where, NULL, &error);
    if (!t)
        return error;
    while (__atomic_load_n(&sleeper.cpu, __ATOMIC_RELAXED) != 1)
        cpu_relax();
    ticks = run_queues[1].nr_ticks;
    thread_set_affinity(t->tid, 8);
    for (unsigned i = 0; i < MOST_LOOKS && __atomic_load_n(&sleeper.cpu, __ATOMIC_RELAXED) == 1; i++)
        cpu_relax();
    fact(FACT_FOUND, step, (u64)sleeper.cpu);
    fact(FACT_NOTE, step, sleeper.cpu != 1);
    fact(FACT_TURN, step, run_queues[1].nr_ticks - ticks);
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    end_of(t);
    return 0;
}

KTEST(queues_wake, "threads are woken for CPUs that idle")
/* As wake_and_watch() says. 1 to 3: bound to that CPU, which idles. 4: it slept on CPU 2, which idles, and may run anywhere. 5: it slept on
   this one, which is busy, and may run anywhere. 6: it computes on CPU 1 and is sent to CPU 3. */
{
    u64 mask = current()->cpu_mask;
    int error = (cpus_online & 15) == 15 ? 0 : -EINVAL;

    current()->cpu_mask = 1;
    for (int cpu = 1; cpu < CPUS && !error; cpu++)
        error = wake_there((u64)cpu, cpu, 1ul << cpu, 14, cpu);
    if (!error)
        error = wake_there(4, 2, ~0ul, 14, 2);
    if (!error) {
        struct thread *t;

        memset(&sleeper, 0, sizeof(sleeper));
        t = start_on(0, sleep_once, NULL, &error);
        while (t && *(volatile enum thread_state *)&t->state != THREAD_BLOCKED) {
            thread_yield();
            cpu_relax();
        }
        if (t) {
            t->cpu_mask = ~0ul;
            settle(t, 14);
            wake_and_watch(5, t, 1);
            end_of(t);
        }
    }
    if (!error)
        error = send_there(6);
    current()->cpu_mask = mask;
    return error;
}

static int compute_until_over(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        cpu_relax();
    return 0;
}

KTEST(queues_wake_preempts, "an important thread is woken for a CPU that computes (sched=prio)")
/* As wake_and_watch() says, 2: on CPU 2, where a less important one computes. */
{
    u64 mask = current()->cpu_mask;
    struct thread *t, *hog;
    int error;

    if ((cpus_online & 15) != 15)
        return -EINVAL;
    memset(&sleeper, 0, sizeof(sleeper));
    over = 0;
    current()->cpu_mask = 1;
    t = start_on(2, sleep_once, NULL, &error);
    if (t) {
        settle(t, 14);
        thread_set_priority(t->tid, PRIORITY_HIGH);
        hog = start_on(2, compute_until_over, NULL, &error);
        for (u64 ticks = run_queues[2].nr_ticks; hog && run_queues[2].nr_ticks < ticks + 2;)
            cpu_relax();
        for (unsigned i = 0; i < 50; i++)
            cpu_relax(); /* it is out of its interrupt, and the next tick is a while away */
        wake_and_watch(2, t, 2);
        __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
        end_of(t);
        if (hog)
            end_of(hog);
    }
    current()->cpu_mask = mask;
    return error;
}

static u32 counting; /* [a] */
static u64 interrupted[CPUS];

static int count_interrupts(void *arg)
{
    u64 before = interrupt_count(VECTOR_RESCHEDULE);

    __atomic_fetch_add(&counting, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        cpu_relax();
    interrupted[(u64)arg] = interrupt_count(VECTOR_RESCHEDULE) - before;
    return 0;
}

KTEST(queues_interrupt, "resched_remote() interrupts the CPU whose queue it is")
/* COUNT: the number of a CPU whose interrupt controller is the queue's CPU's << 8 | a CPU, how often that one was interrupted. */
{
    struct rq *rq = free_queue(0);
    int error = 0;

    for (int cpu = 1; cpu < CPUS && !error; cpu++) {
        struct thread *t[CPUS] = { 0 };

        over = counting = 0;
        for (int i = 1; i < CPUS && !error; i++)
            t[i] = start_on(i, count_interrupts, (void *)(u64)i, &error);
        while (!error && __atomic_load_n(&counting, __ATOMIC_ACQUIRE) < CPUS - 1)
            cpu_relax();
        cpus[rq->cpu].arch.apic_id = cpus[cpu].arch.apic_id;
        cpus[rq->cpu].need_resched = true;
        if (!error)
            resched_remote(rq);
        for (unsigned i = 0; i < 100; i++)
            cpu_relax();
        __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
        for (int i = 1; i < CPUS; i++)
            if (t[i])
                end_of(t[i]);
        for (int i = 1; i < CPUS && !error; i++)
            fact(FACT_COUNT, (u64)(cpu << 8 | i), interrupted[i]);
    }
    return error;
}
