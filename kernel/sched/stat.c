/* Scheduler statistics (stat.h): added up when somebody asks, so that a switch only counts. */
#include "sched/stat.h"
#include "lib/string.h"

u64 thread_cpu_ns(const struct thread *t)
{
    u64 flags = irq_save(); /* the begin of a turn and the clock have to be of the same turn */
    u64 ran = t->cpu_cycles + (t->state == THREAD_RUNNING ? cycles() : 0);

    irq_restore(flags);
    return cycles_to_ns(ran);
}

/* Until threads can block, one that lives and does not run waits. */
u64 thread_wait_ns(const struct thread *t)
{
    u64 lived = clock_ns() - t->created_at, ran = thread_cpu_ns(t);

    return lived > ran ? lived - ran : 0;
}

static bool count(struct thread *t, void *arg)
{
    struct sched_stats *stats = arg;

    stats->threads[t->state]++;
    return true;
}

void sched_stats_get(struct sched_stats *stats)
{
    const struct rq *rq = this_rq();

    memset(stats, 0, sizeof(*stats));
    stats->switches = rq->nr_switches;
    stats->scheduled = rq->nr_switches + rq->nr_stays;
    stats->ready = rq->nr_ready;
    stats->need_resched = this_cpu()->need_resched;
    thread_for_each(count, stats);
}
