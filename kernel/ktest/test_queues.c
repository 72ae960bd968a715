/* Lab 4.3: a run queue for each CPU. Where a rule can be looked at without anything going on, the queues are those of CPUs that no machine
   has, and the test fills them itself. */
#include "arch/smp.h"
#include "base/cmdline.h"
#include "base/interrupt.h"
#include "base/race.h"
#include "ktest/ktest.h"
#include "ktest/placed.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/affinity.h"
#include "sched/control.h"
#include "sched/placement.h"
#include "sched/preempt.h"
#include "sched/sync.h"
#include "sched/timer.h"
#include "sched/wait.h"

#define CPUS 4
#define FREE 8 /* from this number on, CPUs that are not there */
#define FREE_QUEUES 3

static u64 random_state;

static u64 random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
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

static struct thread idle_of[FREE_QUEUES]; /* who runs there, if nobody does */

/* The queue of a CPU that is not there, with nobody in it. */
static struct rq *free_queue(unsigned n)
{
    struct rq *rq = &run_queues[FREE + n];

    *rq = (struct rq){ .cpu = (int)(FREE + n) };
    spin_init(&rq->lock, "run queue", RANK_RUN_QUEUE);
    rq->lock.order = FREE + n;
    list_init(&rq->ready);
    smp_rq_init(rq);
    policies_init(rq);
    idle_of[n] = (struct thread){ .name = "nobody", .state = THREAD_RUNNING, .class = &idle_class, .class_id = SCHED_CLASS_IDLE };
    rq->idle = rq->curr = &idle_of[n];
    cpus[FREE + n] = (struct cpu){ .id = (int)(FREE + n), .arch.apic_id = 200 };
    return rq;
}

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

/* --- telling another CPU ------------------------------------------------------------------------------------------------------------- */

#define MOST_LOOKS 3000 /* of the waker, for one that is to run at once: less than a tick */

static struct {
    u32 waits, ran; /* [a] */
    u64 ticks;      /* of its CPU, when it ran */
    int cpu;
} sleeper;

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

/* --- all at once ---------------------------------------------------------------------------------------------------------------------- */

static int compute_while(void *arg)
{
    u64 until = clock_ns() + 3 * NS_PER_MS, flags = irq_save();

    fact(FACT_FOUND, number_of(arg), (u64)this_cpu()->id);
    irq_restore(flags);
    while (clock_ns() < until)
        ;
    return 0;
}

KTEST(queues_spread, "new threads, and as many idle CPUs")
/* FOUND: a thread, where it began to run. */
{
    struct test_threads threads = { 0 };
    int error;

    for (unsigned i = 0; i < 1000 && (idle_cpus & 14) != 14; i++)
        cpu_relax();
    error = threads_start(&threads, 3, compute_while);
    for (u64 until = clock_ns() + NS_PER_MS; clock_ns() < until;)
        cpu_relax(); /* this CPU is busy meanwhile */
    threads_join(&threads);
    return error;
}

/* The compiler does not know what comes out, and so has to keep it. */
__attribute__((noipa)) static u64 mixed(u64 n, u64 round, u64 i)
{
    return (n * 1000003 + round) * 2654435761 + i;
}

static u64 seen_cpus; /* [a] where the threads of a test were seen */

static void note_cpu(void)
{
    u64 flags = irq_save();

    __atomic_fetch_or(&seen_cpus, 1ul << this_cpu()->id, __ATOMIC_RELAXED);
    irq_restore(flags);
}

#define PAIRS 3
#define WAKES 30

static struct semaphore ball[PAIRS];
static u64 about_to_wait[PAIRS]; /* [a] for which wake */

static void wait_often(u64 pair)
{
    for (u64 i = 1; i <= WAKES; i++) {
        __atomic_store_n(&about_to_wait[pair], i, __ATOMIC_RELEASE);
        semaphore_down(&ball[pair]);
        counts[pair]++;
        note_cpu();
    }
}

/* Each wake comes while the other one is on its way to wait, now a little earlier, now a little later. */
static void wake_often(u64 pair)
{
    for (u64 i = 1; i <= WAKES; i++) {
        while (__atomic_load_n(&about_to_wait[pair], __ATOMIC_ACQUIRE) < i) {
            thread_yield();
            cpu_relax();
        }
        for (u64 n = mixed(pair, i, ktest_report.count) >> 7 & 7; n; n--)
            cpu_relax();
        semaphore_up(&ball[pair]);
    }
}

static int play(void *arg)
{
    (number_of(arg) % 2 ? wait_often : wake_often)(number_of(arg) / 2);
    return 0;
}

KTEST(queues_wakeups, "pairs of threads: one wakes the other, on whatever CPU they are")
/* COUNT: a pair, how often one was woken. NOTE: how often it should be, and the CPUs on which any of them was woken, a mask. */
{
    struct test_threads threads = { 0 };
    int error;

    seen_cpus = 0;
    for (unsigned i = 0; i < PAIRS; i++) {
        semaphore_init(&ball[i], "ball", 0);
        counts[i] = about_to_wait[i] = 0;
    }
    error = threads_start(&threads, 2 * PAIRS, play);
    if (error)
        return error;
    while (__atomic_load_n(&about_to_wait[0], __ATOMIC_RELAXED) < WAKES) { /* the first one has two who wake it */
        thread_wake_by_hand(threads.tid[1]);
        thread_yield();
        cpu_relax();
    }
    threads_join(&threads);
    fact(FACT_NOTE, WAKES, seen_cpus);
    for (unsigned i = 0; i < PAIRS; i++)
        fact(FACT_COUNT, i, counts[i]);
    return 0;
}

#define WORKERS 6
#define WORDS 12

static u32 working; /* [a] */
static u64 done_by[WORKERS], spoilt[WORKERS], lost[WORKERS];

/* Gives the CPU up, now this way, now that, with values in registers and on the stack that have to be the same afterwards. */
static bool keeps(u64 n, u64 round)
{
    u64 a = mixed(n, round, 100), b = mixed(n, round, 101), c = mixed(n, round, 102), d = mixed(n, round, 103);
    volatile u64 words[WORDS];
    bool same;

    for (unsigned i = 0; i < WORDS; i++)
        words[i] = mixed(n, round, i);
    if (round % 3 == n % 3)
        thread_sleep(20000);
    else
        thread_yield();
    same = a == mixed(n, round, 100) && b == mixed(n, round, 101) && c == mixed(n, round, 102) && d == mixed(n, round, 103);
    for (unsigned i = 0; i < WORDS; i++)
        same = same && words[i] == mixed(n, round, i);
    return same;
}

static int come_and_go(void *arg)
{
    return (int)(u64)arg;
}

/* Makes a thread, while others do, and takes its code. */
static bool has_child(u64 code)
{
    int got = -1;
    tid_t tid = thread_create(&(struct thread_params)THREAD_PARAMS("child", come_and_go, (void *)code));

    return tid > 0 && !thread_join(tid, &got) && (u64)got == code;
}

static int work_and_move(void *arg)
{
    u64 n = number_of(arg);

    for (u64 i = 0; i < rounds; i++) {
        note_cpu();
        spoilt[n] += !keeps(n, i);
        if (i % 4 == n % 4)
            lost[n] += !has_child(n * 1000 + i);
        done_by[n]++;
    }
    __atomic_fetch_sub(&working, 1, __ATOMIC_RELEASE);
    return 0;
}

/* Marks: MARK of the thread, arg 0 the mask, arg 1 whether it has begun to count (0) or nothing else does from here on (1). */
static void bind(const struct test_threads *threads, unsigned n, u64 mask)
{
    struct thread *t = thread_find(threads->tid[n]);
    u64 flags = irq_save();

    trace(TRACE_MARK, t, 0, mask, 0);
    irq_restore(flags);
    thread_set_affinity(threads->tid[n], mask);
    flags = irq_save();
    trace(TRACE_MARK, t, 0, mask, 1);
    irq_restore(flags);
}

static int storm(u64 often)
{
    struct test_threads threads = { 0 };
    int error;

    random_state = option_u64("seed") + ktest_report.count + 1;
    rounds = often;
    working = WORKERS;
    memset(done_by, 0, sizeof(done_by));
    memset(spoilt, 0, sizeof(spoilt));
    memset(lost, 0, sizeof(lost));
    seen_cpus = 0;
    error = threads_start(&threads, WORKERS, work_and_move);
    if (error)
        return error;
    while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
        bind(&threads, (unsigned)(random_bits() % WORKERS), 1 + random_bits() % 15);
        thread_wake_by_hand(threads.tid[random_bits() % WORKERS]); /* if it sleeps, perhaps just as the timer wakes it */
        thread_yield();
        cpu_relax();
    }
    threads_join(&threads);
    for (unsigned i = 0; i < WORKERS; i++) {
        fact(FACT_COUNT, i, done_by[i]);
        fact(FACT_NOTE, i, spoilt[i]);
        fact(FACT_JOINED, i, lost[i]);
    }
    fact(FACT_FOUND, 0, seen_cpus);
    return 0;
}

KTEST(queues_storm, "threads sleep, yield, and are sent about (race build)")
/* COUNT: a thread, the rounds that it did, of 20. NOTE: a thread, in how many of them its registers or stack were spoilt. JOINED: a thread,
   how often a thread that it made did not come to its end with its code. FOUND: the CPUs on which any of them ran, a mask. */
{
    return storm(20);
}

KTEST(queues_affinity, "the same, for the trace")
{
    return storm(60);
}
