/* Threads of tests that compute where they are put (hogs.h). */
#include "ktest/hogs.h"
#include "lib/errno.h"
#include "sched/affinity.h"
#include "sched/balance.h"

#define PACKED 8u       /* CPUs whose numbers fit into a fact */
#define LOOKS  100000u  /* tries until all are where they were put */

static volatile bool stop;

static int compute(void *arg)
{
    (void)arg;
    while (!stop)
        ;
    return 0;
}

void stay_on_cpu_0(void)
{
    thread_set_affinity(current()->tid, 1);
}

void stay_no_more(void)
{
    thread_set_affinity(current()->tid, ~0ul);
}

static struct thread *make(const struct place *place, int *error)
{
    struct thread_params params = THREAD_PARAMS("placed", compute, NULL);
    struct thread *t;

    params.priority = place->priority;
    params.burst_ns = place->burst_ns;
    params.kthread = place->kind == PLACE_KTHREAD;
    t = thread_new(&params, error);
    if (t && place->kind != PLACE_KTHREAD)
        thread_set_affinity(t->tid, 1ul << place->cpu);
    return t;
}

/* Each CPU has as many as it shall have, and runs one of them. */
static bool all_there(const u32 *wanted)
{
    for (unsigned cpu = 0; cpu < PACKED; cpu++) {
        const struct rq *rq = &run_queues[cpu];
        u32 n = wanted[cpu] + !cpu;

        if (rq_load(rq) != n || (n && __atomic_load_n(&rq->nr_ready, __ATOMIC_RELAXED) == n))
            return false;
    }
    return true;
}

/* A CPU that was idle needs a turn to begin. */
static void wait_for_all(const u32 *wanted)
{
    for (unsigned i = 0; i < LOOKS && !all_there(wanted); i++)
        cpu_relax();
}

int placed_start(struct test_threads *threads, const struct place *place, unsigned n)
{
    struct thread *made[TEST_THREADS_MAX];
    u32 wanted[PACKED] = { 0 };
    int error = 0;

    threads->n = 0;
    for (unsigned i = 0; i < n; i++)
        if (!(cpus_online >> place[i].cpu & 1))
            return -EINVAL;
    stop = false;
    while (threads->n < n && (made[threads->n] = make(&place[threads->n], &error))) {
        threads->tid[threads->n] = made[threads->n]->tid;
        threads->n++;
    }
    for (unsigned i = 0; i < threads->n; i++)
        (error ? thread_discard : thread_launch)(made[i]);
    if (error) {
        threads->n = 0;
        return error;
    }
    for (unsigned i = 0; i < n; i++)
        wanted[place[i].cpu]++;
    wait_for_all(wanted);
    for (unsigned i = 0; i < n; i++)
        if (place[i].kind == PLACE_FREE)
            thread_set_affinity(threads->tid[i], ~0ul);
    return 0;
}

void placed_end(struct test_threads *threads)
{
    stop = true;
    threads_join(threads);
}

unsigned places_for(struct place *place, const u8 *load, unsigned cpus)
{
    unsigned n = 0;

    for (unsigned cpu = 0; cpu < cpus; cpu++)
        for (unsigned i = !cpu; i < load[cpu]; i++)
            place[n++] = (struct place){ .cpu = (int)cpu, .priority = PRIORITY_NORMAL };
    return n;
}

unsigned places_of(struct place *place, const struct crowd *crowd)
{
    unsigned n = 0;

    for (unsigned cpu = 0; cpu < array_len(crowd->free); cpu++)
        for (unsigned i = 0; i < crowd->bound[cpu] + crowd->free[cpu]; i++, n++)
            place[n] = (struct place){ .cpu = (int)cpu, .kind = i < crowd->bound[cpu] ? PLACE_BOUND : PLACE_FREE,
                                       .priority = PRIORITY_NORMAL };
    return n;
}

static u64 packed(u32 (*number)(const struct rq *rq))
{
    u64 all = 0;

    for (unsigned cpu = 0; cpu < PACKED; cpu++)
        all |= (u64)number(&run_queues[cpu]) << 8 * cpu;
    return all;
}

static u32 load(const struct rq *rq)
{
    return rq_load(rq);
}

static u32 waiting(const struct rq *rq)
{
    return rq->nr_ready;
}

u64 loads_now(void)
{
    return packed(load);
}

u64 waiting_now(void)
{
    return packed(waiting);
}
