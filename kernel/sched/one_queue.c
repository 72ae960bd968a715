/* Which run queue a thread belongs to, as long as there is one CPU: the one that there is. Phase 4 has more (placement.c). */
#include "sched/sched.h"

struct rq *new_thread_rq_lock(struct thread *t)
{
    (void)t;
    return this_rq_lock();
}

#if PHASE >= 2
struct rq *thread_rq_lock(const struct thread *t)
{
    (void)t;
    return this_rq_lock();
}

struct rq *waking_rq_lock(struct thread *t)
{
    (void)t;
    return this_rq_lock();
}
#endif
