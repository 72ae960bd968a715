/* Scheduler statistics (stat.h): added up when somebody asks, so that a switch only counts. */
#include "sched/stat.h"
#include "lib/string.h"

/* One word says both what t has run and since when it runs: negative while it does, on whatever CPU (base/thread.h). */
u64 thread_cpu_ns(const struct thread *t)
{
    u64 flags = irq_save(); /* the beginning of a turn and the clock have to be of the same turn */
    s64 ran = (s64)__atomic_load_n(&t->cpu_cycles, __ATOMIC_RELAXED);

    if (ran < 0)
        ran += (s64)cycles();
    irq_restore(flags);
    return cycles_to_ns((u64)max(ran, 0l));
}

/* Who lives, and neither runs nor is blocked, waits. Who runs has waited until its turn began: cpu_cycles is that time, less what it has
   run before. */
u64 thread_wait_ns(const struct thread *t)
{
    s64 ran = (s64)__atomic_load_n(&t->cpu_cycles, __ATOMIC_RELAXED);
    u64 until = ran < 0 ? cycles_to_ns((u64)-ran - clock_base) : clock_ns(), other = ran < 0 ? 0 : cycles_to_ns((u64)ran);

#if PHASE >= 2
    if (t->state == THREAD_NEW)
        return 0;
    other += t->blocked_time;
    if (t->state == THREAD_BLOCKED || t->state == THREAD_STOPPED)
        until = t->blocked_since;
#endif
    other += t->created_at;
    return until > other ? until - other : 0;
}

static bool count(struct thread *t, void *arg)
{
    struct sched_stats *stats = arg;

    stats->threads[t->state]++;
    return true;
}

void sched_stats_get(struct sched_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    for (u64 left = cpus_online; left; left &= left - 1) {
        const struct rq *rq = &run_queues[__builtin_ctzl(left)];

        stats->switches += rq->nr_switches;
        stats->scheduled += rq->nr_switches + rq->nr_stays;
        stats->ready += rq->nr_ready;
        stats->ticks += rq->nr_ticks;
        stats->slices += rq->nr_slices;
        stats->preemptions += rq->nr_preemptions;
        stats->wakes += rq->nr_wakes;
    }
    stats->need_resched = this_cpu()->need_resched;
    thread_for_each(count, stats);
}
