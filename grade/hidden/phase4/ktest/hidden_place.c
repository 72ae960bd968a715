/* Random masks for cpu_choose(), and threads that are moved at random between queues of CPUs that no machine has (free_queue.h). */
#include "base/cpu.h"
#include "ktest/free_queue.h"
#include "ktest/hidden.h"
#include "ktest/threads.h"
#include "sched/placement.h"

#define CASES 250
#define LEAST 5u
#define MOST  14u
#define MOVES 60

static u64 some_bits(u64 *draws, u64 n)
{
    u64 bits = 0;

    while (n--)
        bits |= 1ul << draw(draws, 64);
    return bits;
}

/* All of 64, or so many of the first, or a few. */
static u64 some_mask(u64 *draws)
{
    u64 kind = draw(draws, 4), n = draw(draws, 64);

    return kind == 0 ? ~0ul : kind == 1 ? (2ul << n) - 1 : some_bits(draws, 1 + n % 7);
}

static int choice(u64 mask, u64 online, u64 idle, int last)
{
    static struct thread t;
    u64 flags = irq_save(), was_online = cpus_online, was_idle = idle_cpus; /* on a machine with one CPU */
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

/* RESULT: case, what cpu_choose() returned. */
static void choose(u64 *draws)
{
    for (u64 i = 0; i < CASES; i++) {
        u64 last = draw(draws, 64), online = some_mask(draws) | 1ul << last | 1, idle = some_mask(draws) & online, mask = some_mask(draws);

        if (draw(draws, 3) == 0)
            idle = 0;
        if (draw(draws, 2))
            mask |= 1ul << last;
        if (!(mask & online))
            mask = ~0ul;
        fact(FACT_RESULT, i, (u64)(s64)choice(mask, online, idle, (int)last));
    }
}

static struct thread *moved[MOST], *running[FREE_QUEUES];
static unsigned nr_moved, begins_in[MOST];

static int never_run(void *unused)
{
    (void)unused;
    return 0;
}

static struct thread *make(u64 *draws, int *error)
{
    struct thread_params params = THREAD_PARAMS("moved", never_run, NULL);

    params.priority = (enum thread_priority)draw(draws, SCHED_PRIORITIES);
    return thread_new(&params, error);
}

static void discard(struct thread *t)
{
    if (!t)
        return;
    put_state(t, THREAD_NEW);
    thread_discard(t);
}

/* Who runs in each queue, if anybody does, and who waits there. */
static int make_all(u64 *draws)
{
    unsigned n;
    int error = 0;

    nr_moved = 0;
    for (unsigned q = 0; q < FREE_QUEUES; q++)
        running[q] = draw(draws, 3) && !error ? make(draws, &error) : NULL;
    for (n = (unsigned)(LEAST + draw(draws, MOST - LEAST + 1)); nr_moved < n && !error; nr_moved++) {
        moved[nr_moved] = make(draws, &error);
        if (!moved[nr_moved])
            break;
        begins_in[nr_moved] = (unsigned)draw(draws, FREE_QUEUES);
    }
    return error;
}

/* They become ready one after the other, here and there. */
static void queue_all(void)
{
    for (unsigned q = 0; q < FREE_QUEUES; q++) {
        struct rq *rq = free_queue(q);

        if (!running[q])
            continue;
        thread_set_state(running[q], THREAD_READY);
        thread_set_state(running[q], THREAD_RUNNING);
        rq->curr = running[q];
    }
    for (unsigned i = 0; i < nr_moved; i++) {
        struct rq *rq = &run_queues[FREE + begins_in[i]];

        rq_lock(rq);
        rq->clock = (i + 1) * 1000;
        moved[i]->last_cpu = rq->cpu;
        thread_set_state(moved[i], THREAD_READY);
        sched_enqueue(rq, moved[i], ENQUEUE_NEW);
        spin_unlock(&rq->lock);
    }
}

/* FOUND: step, whether both locks were held. NOTE: step, whether the CPU to which it came has to choose anew. */
static void move_one(u64 step, u64 *draws)
{
    struct thread *t = moved[draw(draws, nr_moved)];
    u64 from_number = (u64)t->last_cpu - FREE, to_number = (from_number + 1 + draw(draws, FREE_QUEUES - 1)) % FREE_QUEUES;
    struct rq *from = &run_queues[t->last_cpu], *to = &run_queues[FREE + to_number];
    bool turned = draw(draws, 2);

    rq_lock_both(turned ? to : from, turned ? from : to);
    fact(FACT_FOUND, step, spin_held(&from->lock) && spin_held(&to->lock));
    cpus[to->cpu].need_resched = false;
    thread_move(from, to, t);
    fact(FACT_NOTE, step, cpus[to->cpu].need_resched);
    spin_unlock(&from->lock);
    spin_unlock(&to->lock);
}

/* COUNT: queue, who is counted there. ORDER: queue, who is chosen, one after the other. STATE: thread, the queue of its last_cpu. */
static void tell_queue(unsigned q)
{
    struct rq *rq = &run_queues[FREE + q];
    u32 n = rq->nr_ready;

    rq_lock(rq);
    fact(FACT_COUNT, q, n);
    while (n--) {
        struct thread *next = normal_class->pick_next_task(rq);
        u64 who = 0;

        while (who < nr_moved && moved[who] != next)
            who++;
        fact(FACT_ORDER, q, who);
    }
    spin_unlock(&rq->lock);
}

static void move_all(u64 *draws)
{
    u64 flags = irq_save();

    queue_all();
    for (u64 step = 0; step < MOVES; step++)
        move_one(step, draws);
    for (unsigned i = 0; i < nr_moved; i++)
        fact(FACT_STATE, i, (u64)moved[i]->last_cpu - FREE);
    for (unsigned q = 0; q < FREE_QUEUES; q++)
        tell_queue(q);
    for (unsigned i = 0; i < nr_moved; i++)
        list_remove(&moved[i]->run_link); /* who was left behind */
    irq_restore(flags);
}

KTEST(hidden_place, "where threads had best run, and threads that are moved, as the seed decides")
/* See choose(), move_one(), tell_queue(). */
{
    u64 draws = draws_of(0);
    int error;

    policy.ageing = ns_to_cycles(1000 * NS_PER_SEC);
    choose(&draws);
    error = make_all(&draws);
    if (!error)
        move_all(&draws);
    for (unsigned q = 0; q < FREE_QUEUES; q++)
        discard(running[q]);
    for (unsigned i = 0; i < nr_moved; i++)
        discard(moved[i]);
    return error;
}
