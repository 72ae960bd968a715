/* The policies' numbers, in cycles so that a decision compares without converting, and what follows from a thread's priority. Written at start,
   then read only. */
#include "sched/policies.h"
#include "sched/preempt.h"
#include "sched/wait.h"

static const u16 table_ms[SCHED_PRIORITIES] = SCHED_QUANTUM_MS;
static const u16 mlfq_table_ms[MLFQ_LEVELS] = MLFQ_QUANTUM_MS;
static const u8 base_level[SCHED_PRIORITIES] = PRIO_BASE;

void quantum_set(u64 ms)
{
    for (unsigned p = 0; p < SCHED_PRIORITIES; p++)
        policy.quantum[p] = ns_to_cycles((ms ? ms : table_ms[p]) * NS_PER_MS);
    for (unsigned level = 0; level < MLFQ_LEVELS; level++)
        policy.mlfq_quantum[level] = ns_to_cycles(mlfq_table_ms[level] * NS_PER_MS);
    policy.cycles_per_ms = ns_to_cycles(NS_PER_MS);
    policy.ageing = ns_to_cycles(PRIO_AGEING_NS);
    policy.mlfq_boost = ns_to_cycles(MLFQ_BOOST_NS);
    policy.sjf_first_tau = ns_to_cycles(SJF_FIRST_TAU_NS);
}

u64 rr_quantum(const struct thread *t)
{
    return policy.quantum[t->priority];
}

int thread_effective(const struct thread *t)
{
    return max((int)base_level[t->priority], t->inherited);
}
