/* Shortest job first: lab 2.8. Of all that wait, the one that needs the CPU for the shortest time runs; no other order of jobs that are
   all there makes the average wait shorter (exchange two neighbours, the longer one first: the sum of the waits shrinks by the
   difference). How long a burst will be, nobody knows: it is predicted from those before, the last one counting half, the one before a
   quarter and so on. A burst ends when the thread blocks, and only then: losing the CPU to a higher class interrupts it. Not preemptive
   inside the class. The run queue's lock is held, interrupts are off.

       tau = floor((tau + burst) / 2)   in cycles; the sum does not overflow: each is below 2^63, 292 years at 1 GHz */
#include "base/lab.h"
#include "sched/policies.h"
#include "sched/preempt.h"

bool sjf_before(const struct rb_node *a, const struct rb_node *b)
{
#if SOLVED >= 208
    const struct thread *ta = rb_entry((struct rb_node *)a, struct thread, sjf.node);
    const struct thread *tb = rb_entry((struct rb_node *)b, struct thread, sjf.node);

    return ta->sjf.key != tb->sjf.key ? ta->sjf.key < tb->sjf.key : ready_before(ta, tb);
#else
    /* Nobody goes before anybody else, and so the tree keeps the order of arrival. By what should it be, and what if two are alike in
       that? */
    (void)a, (void)b;
    lab_stub("2.8", "sjf_before");
    return false;
#endif
}

u64 sjf_first_guess(const struct thread *t)
{
#if SOLVED >= 208
    return t->burst_ns ? ns_to_cycles(t->burst_ns) : policy.sjf_first_tau;
#else
    /* Whoever made the thread may have said what to expect. */
    (void)t;
    lab_stub("2.8", "sjf_first_guess");
    return policy.sjf_first_tau;
#endif
}

void sjf_burst_ended(struct rq *rq, struct thread *t)
{
#if SOLVED >= 208
    u64 ran = thread_ran(rq, t);

    t->sjf.tau = (t->sjf.tau + (ran - t->sjf.burst_start)) / 2;
    t->sjf.burst_start = ran;
#else
    /* What has t used since its last wait ended? The prediction should follow it, but not at once and not all the way. */
    (void)rq, (void)t;
    lab_stub("2.8", "sjf_burst_ended");
#endif
}
