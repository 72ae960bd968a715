/* Whether a policy's function asks somebody to make room, and asks on the right CPU: the test's run queue is this CPU's, or that of one
   which the machine does not have, in turn. Interrupts are off. */
#pragma once

#include "base/cpu.h"
#include "sched/thread.h"

#define DUE_ON_ANOTHER 1 /* CPU; its reschedule interrupt comes to this one, which finds nothing to do */

/* What is asked of this CPU, and of that one. */
struct due { bool here, there; };

/* Before a function is called with this run queue. */
static inline struct due due_begin(struct rq *queue)
{
    static bool another;
    struct due before = { this_cpu()->need_resched, cpus[DUE_ON_ANOTHER].need_resched };

    another = !another;
    queue->cpu = another ? DUE_ON_ANOTHER : this_cpu()->id;
    this_cpu()->need_resched = cpus[DUE_ON_ANOTHER].need_resched = false;
    return before;
}

/* After it: 1 if the run queue's CPU was asked, and 2 or more if one was that is not the run queue's. */
static inline u64 due_end(const struct rq *queue, struct due before)
{
    u64 asked = cpus[queue->cpu].need_resched;

    if (queue->cpu != this_cpu()->id)
        asked |= (u64)this_cpu()->need_resched << 1;
    this_cpu()->need_resched = before.here;
    cpus[DUE_ON_ANOTHER].need_resched = before.there;
    return asked;
}
