/* Lab 4.3: a run queue for each CPU. Where a rule can be looked at without anything going on, the queues are those of CPUs that no machine
   has, and the test fills them itself. */
#include "arch/smp.h"
#include "base/cmdline.h"
#include "base/interrupt.h"
#include "ktest/free_queue.h"
#include "ktest/ktest.h"
#include "ktest/placed.h"
#include "ktest/random.h"
#include "ktest/threads.h"
#include "sched/control.h"
#include "sched/placement.h"
#include "sched/preempt.h"
#include "sched/timer.h"
#include "sched/wait.h"

#define CPUS 4

static u64 random_state;

static u64 random_bits(void)
{
    return random_of(&random_state);
}

/* --- which CPU --------------------------------------------------------------------------------------------------------------------- */

#define CASES 400

static int choice(u64 mask, u64 online, u64 idle, int last)
{
    static struct thread t;
    u64 flags = irq_save(), was_online = cpus_online, was_idle = idle_cpus; /* nobody else looks at them: all others wait for interrupts */
    int cpu;

    t.cpu_mask = mask;
    t.last_cpu = last;
    cpus_online = online;
    idle_cpus = idle;
    cpu = cpu_choose(&t);
    cpus_online = was_online;
    idle_cpus = was_idle;
    irq_restore(flags);
    return cpu;
}

KTEST(queues_choose, "cpu_choose() with masks of all kinds")
/* For each case COUNT: mask, CPUs that are online. NOTE: idle ones, where it ran last. FOUND: which case, what cpu_choose() returned. */
{
    random_state = 1;
    for (unsigned i = 0; i < CASES; i++) {
        int last = (int)(random_bits() % 64);
        u64 online = random_bits() | random_bits() | 1ul << last;
        u64 mask = i % 4 ? random_bits() & random_bits() : ~0ul, idle = i % 3 ? random_bits() & random_bits() & online : 0;

        if (i % 5 == 1)
            idle &= mask;
        if (i % 7 == 1)
            mask |= 1ul << last;
        if (i % 7 == 2)
            mask = 1ul << last;
        if (!(mask & online))
            mask = ~0ul;
        fact(FACT_COUNT, mask, online);
        fact(FACT_NOTE, idle, (u64)last);
        fact(FACT_FOUND, i, (u64)(s64)choice(mask, online, idle, last));
    }
    return 0;
}

static struct thread chosen_for;
static u32 over; /* [a] */

/* Interrupts off, so that nothing of the scheduler's happens on this CPU. */
static int change_words(void *unused)
{
    u64 flags = irq_save();

    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        __atomic_store_n(&idle_cpus, 1ul << 5 | 1, __ATOMIC_RELAXED);
        cpu_relax();
        __atomic_store_n(&chosen_for.cpu_mask, 1ul << 6, __ATOMIC_RELAXED);
        cpu_relax();
        __atomic_store_n(&idle_cpus, 0, __ATOMIC_RELAXED);
        cpu_relax();
        __atomic_store_n(&chosen_for.cpu_mask, 1ul << 5, __ATOMIC_RELAXED);
        cpu_relax();
    }
    irq_restore(flags);
    return 0;
}

KTEST(queues_choose_changing, "cpu_choose() while its words change (race build)")
/* COUNT: how often it was asked; how often the answer was none of the CPUs where the thread might run at any time. */
{
    u64 was_online = cpus_online, asked = 300, wrong = 0, flags;
    struct thread *t;
    int error;

    over = 0;
    chosen_for.cpu_mask = 1ul << 5;
    t = start_on(1, change_words, NULL, &error);
    if (!t)
        return error;
    flags = irq_save();
    cpus_online = was_online | 3ul << 5;
    for (u64 i = 0; i < asked; i++) {
        int cpu = cpu_choose(&chosen_for);

        wrong += cpu != 5 && cpu != 6;
        cpu_relax();
    }
    cpus_online = was_online;
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    irq_restore(flags);
    end_of(t);
    fact(FACT_COUNT, asked, wrong);
    return 0;
}

/* --- whose lock, and two of them --------------------------------------------------------------------------------------------------- */

/* A thread on each CPU does work(n) so often, n = 0, 1, ..., interrupts off. */
static void (*work_of_each)(u64 n);
static u64 rounds;

static int work_often(void *arg)
{
    u64 flags = irq_save();

    for (u64 i = 0; i < rounds; i++)
        work_of_each((u64)arg);
    irq_restore(flags);
    return 0;
}

static int work_everywhere(void (*work)(u64 n), u64 often)
{
    struct thread *t[CPUS];
    unsigned n = 0;
    int error = 0;

    random_state = option_u64("seed") + ktest_report.count + 1;
    work_of_each = work;
    rounds = often;
    while (n < CPUS && (t[n] = start_on((int)n, work_often, (void *)(u64)n, &error)))
        n++;
    while (n)
        end_of(t[--n]);
    return error;
}

static struct thread moving;
static volatile u64 counted, wrong, stale; /* [the lock of the queue to which `moving` belongs] */

/* Takes `moving` to another queue, under both locks. */
static void move_about(void)
{
    int from = __atomic_load_n(&moving.last_cpu, __ATOMIC_RELAXED), to = FREE + (int)(random_bits() % FREE_QUEUES);

    if (from == to)
        return;
    rq_lock(&run_queues[min(from, to)]);
    rq_lock(&run_queues[max(from, to)]);
    if (moving.last_cpu == from)
        moving.last_cpu = to;
    spin_unlock(&run_queues[from].lock);
    spin_unlock(&run_queues[to].lock);
}

/* What two who have the lock at once would spoil. */
static void lock_and_count(void)
{
    struct rq *rq = thread_rq_lock(&moving);
    u64 now = counted;

    wrong += !spin_held(&run_queues[moving.last_cpu].lock) || rq != &run_queues[moving.last_cpu];
    stale += !rq->clock;
    cpu_relax();
    counted = now + 1;
    rq->clock = 0;
    spin_unlock(&rq->lock);
}

static void move_or_count(u64 n)
{
    if (n % 2)
        move_about();
    else
        lock_and_count();
}

KTEST(queues_lock, "two CPUs take the lock of a thread's queue, two others move the thread")
/* COUNT: 0, how often it was taken; 1, what was counted under it; 2, how often it was another queue's; 3, with an old clock. */
{
    int error;

    counted = wrong = stale = 0;
    for (unsigned n = 0; n < FREE_QUEUES; n++)
        free_queue(n);
    moving.last_cpu = FREE;
    error = work_everywhere(move_or_count, 60);
    fact(FACT_COUNT, 0, 60 * CPUS / 2);
    fact(FACT_COUNT, 1, counted);
    fact(FACT_COUNT, 2, wrong);
    fact(FACT_COUNT, 3, stale);
    return error;
}

static volatile u64 counts[FREE_QUEUES]; /* [that queue's lock] */

static void lock_both(u64 n)
{
    unsigned i = (unsigned)n % FREE_QUEUES, j = (i + 1 + (unsigned)(random_bits() % 2)) % FREE_QUEUES;
    struct rq *a = &run_queues[FREE + i], *b = &run_queues[FREE + j];
    u64 of_a, of_b;

    rq_lock_both(a, b);
    of_a = counts[i];
    of_b = counts[j];
    wrong += !spin_held(&a->lock) || !spin_held(&b->lock);
    stale += !a->clock || !b->clock;
    cpu_relax();
    counts[i] = of_a + 1;
    counts[j] = of_b + 1;
    a->clock = b->clock = 0;
    spin_unlock(&a->lock);
    spin_unlock(&b->lock);
}

KTEST(queues_both, "four CPUs take the locks of two of three queues, each in its own order")
/* COUNT as queues_lock says: 0, how often two were taken; 1, what was counted under them, one each; 2, not both; 3, with an old clock. */
{
    int error;

    wrong = stale = 0;
    for (unsigned n = 0; n < FREE_QUEUES; n++) {
        free_queue(n);
        counts[n] = 0;
    }
    error = work_everywhere(lock_both, 40);
    fact(FACT_COUNT, 0, 40 * CPUS);
    fact(FACT_COUNT, 1, counts[0] + counts[1] + counts[2]);
    fact(FACT_COUNT, 2, wrong);
    fact(FACT_COUNT, 3, stale);
    return error;
}

/* --- moving -------------------------------------------------------------------------------------------------------------------------- */

#define MOVED 5

/* Threads that became ready one after the other, every other one in each queue; those of the first are moved to the second, the middle one
   first. */
static int never_run(void *unused)
{
    (void)unused;
    return 0;
}

static int make_threads(struct thread *t[], unsigned n, enum thread_priority priority)
{
    struct thread_params params = THREAD_PARAMS("moved", never_run, NULL);
    int error = 0;

    params.priority = priority;
    for (unsigned i = 0; i < n; i++)
        if (!(t[i] = thread_new(&params, &error)))
            while (i)
                thread_discard(t[--i]);
    return error;
}

static void discard_threads(struct thread *t[], unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        put_state(t[i], THREAD_NEW);
        thread_discard(t[i]);
    }
}

static void queue_at(struct rq *rq, struct thread *t, u64 clock)
{
    rq->clock = clock;
    t->last_cpu = rq->cpu;
    thread_set_state(t, THREAD_READY);
    sched_enqueue(rq, t, ENQUEUE_NEW);
}

KTEST(queues_move, "waiting threads are moved to another queue")
/* COUNT: 0 and 1, who waits in the first and in the second queue afterwards. FOUND: a thread, its last_cpu less FREE. ORDER: place, who is
   there; who was ready first is 0. */
{
    static const unsigned order[] = { 2, 4, 0 };
    struct thread *t[MOVED];
    struct rq *from = free_queue(0), *to = free_queue(1);
    u64 flags;
    int error = make_threads(t, MOVED, PRIORITY_NORMAL);

    if (error)
        return error;
    flags = irq_save();
    rq_lock(from);
    rq_lock(to);
    for (unsigned i = 0; i < MOVED; i++)
        queue_at(i % 2 ? to : from, t[i], (i + 1) * 1000);
    from->clock = to->clock = 100000;
    for (unsigned i = 0; i < MOVED; i++)
        t[i]->cpu_cycles = t[i]->slice_start + rr_quantum(t[i]); /* as if their priority, and so their quantum, had become smaller */
    for (unsigned i = 0; i < 3; i++)
        thread_move(from, to, t[order[i]]);
    fact(FACT_COUNT, 0, from->nr_ready);
    fact(FACT_COUNT, 1, to->nr_ready);
    for (unsigned i = 0; i < MOVED; i++)
        fact(FACT_FOUND, i, (u64)(s64)(t[i]->last_cpu - FREE));
    for (unsigned i = 0; i < MOVED; i++) {
        struct thread *next = normal_class->pick_next_task(to);
        u64 who = 0;

        while (who < MOVED && t[who] != next)
            who++;
        fact(FACT_ORDER, i, who);
    }
    for (unsigned i = 0; i < MOVED; i++)
        list_remove(&t[i]->run_link); /* who was left behind */
    spin_unlock(&to->lock);
    spin_unlock_irq(&from->lock, flags);
    discard_threads(t, MOVED);
    return 0;
}

KTEST(queues_move_preempts, "a thread is moved to a CPU that idles, or runs somebody (sched=prio)")
/* FOUND: who runs there, 0 nobody, 1 a less important one, 2 one as important, 3 a more important one; whether that CPU has to choose. */
{
    static const enum thread_priority running[] = { PRIORITY_IDLE, PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH };

    for (unsigned i = 0; i < 4; i++) {
        struct rq *from = free_queue(0), *to = free_queue(1);
        struct thread *t, *other;
        u64 flags;
        int error = make_threads(&t, 1, PRIORITY_NORMAL);

        if (!error) {
            error = make_threads(&other, 1, running[i]);
            if (error)
                thread_discard(t);
        }
        if (error)
            return error;
        flags = irq_save();
        rq_lock(from);
        rq_lock(to);
        if (i) {
            thread_set_state(other, THREAD_READY);
            thread_set_state(other, THREAD_RUNNING);
            to->curr = other;
        }
        queue_at(from, t, to->clock);
        thread_move(from, to, t);
        fact(FACT_FOUND, i, cpus[to->cpu].need_resched);
        sched_dequeue(to, t);
        spin_unlock(&to->lock);
        spin_unlock_irq(&from->lock, flags);
        discard_threads(&t, 1);
        discard_threads(&other, 1);
    }
    return 0;
}
