/* Run queues that nobody uses (free_queue.h). */
#include "ktest/free_queue.h"
#include "sched/policies.h"
#include "sched/sched.h"

static struct thread idle_of[FREE_QUEUES]; /* who runs there, if nobody does */

struct rq *free_queue(unsigned n)
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
