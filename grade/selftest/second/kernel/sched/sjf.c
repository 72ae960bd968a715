/* A second solution of lab 2.8: the order as a chain of questions, the prediction by a shift. */
#include "sched/policies.h"
#include "sched/preempt.h"

static const struct thread *thread_at(const struct rb_node *node)
{
    return container_of((struct rb_node *)node, struct thread, sjf.node);
}

bool sjf_before(const struct rb_node *a, const struct rb_node *b)
{
    const struct thread *left = thread_at(a), *right = thread_at(b);

    if (left->sjf.key < right->sjf.key)
        return true;
    if (left->sjf.key > right->sjf.key)
        return false;
    return ready_before(left, right);
}

u64 sjf_first_guess(const struct thread *t)
{
    u64 said = t->burst_ns;

    if (!said)
        return policy.sjf_first_tau;
    return ns_to_cycles(said);
}

void sjf_burst_ended(struct rq *rq, struct thread *t)
{
    u64 burst = thread_ran(rq, t) - t->sjf.burst_start;

    t->sjf.burst_start += burst;
    t->sjf.tau = (burst + t->sjf.tau) >> 1;
}
