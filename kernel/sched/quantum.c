/* The policies' numbers, in cycles so that a decision compares without converting, and what follows from a thread's priority. Written at
   start, then read only. */
#include "sched/policies.h"
#include "sched/lend.h"
#include "sched/preempt.h"
#include "sched/wait.h"

static const u16 table_ms[SCHED_PRIORITIES] = SCHED_QUANTUM_MS;
static const u16 mlfq_table_ms[MLFQ_LEVELS] = MLFQ_QUANTUM_MS;
static const u8 base_level[SCHED_PRIORITIES] = PRIO_BASE;

/* A tick finds a quantum used up when less than half a tick is left of it: a turn begins a little after a tick, and would otherwise
   always last one tick too long. So a quantum is as long as it says, give or take half a tick. */
static u64 noticed_after(u64 ms, unsigned hz)
{
    u64 half_tick = NS_PER_SEC / hz / 2, ns = ms * NS_PER_MS;

    return ns > half_tick ? ns_to_cycles(ns - half_tick) : 0;
}

void quantum_set(u64 ms, unsigned hz)
{
    for (unsigned p = 0; p < SCHED_PRIORITIES; p++)
        policy.quantum[p] = noticed_after(ms ? ms : table_ms[p], hz);
    for (unsigned level = 0; level < MLFQ_LEVELS; level++) {
        policy.mlfq_quantum[level] = noticed_after(mlfq_table_ms[level], hz);
        policy.mlfq_allotment[level] = noticed_after(mlfq_table_ms[level] * MLFQ_ALLOTMENT_QUANTA, hz);
    }
    policy.tick_ns = NS_PER_SEC / hz;
    policy.cycles_per_ms = ns_to_cycles(NS_PER_MS);
    policy.ageing = ns_to_cycles(PRIO_AGEING_NS);
    policy.mlfq_boost = ns_to_cycles(MLFQ_BOOST_NS);
    policy.sjf_first_tau = ns_to_cycles(SJF_FIRST_TAU_NS);
}

u64 rr_quantum(const struct thread *t)
{
    return policy.quantum[t->priority];
}

int thread_would_have(const struct thread *t, enum thread_priority priority, int inherited)
{
    return max(class_level(t, base_level[priority]), inherited);
}

int thread_effective(const struct thread *t)
{
    return thread_would_have(t, t->priority, t->inherited);
}
