/* Round-robin's quantum, in cycles so that a tick compares without converting. Written at start, then read only. */
#include "sched/policies.h"
#include "sched/preempt.h"

static const u16 table_ms[SCHED_PRIORITIES] = SCHED_QUANTUM_MS;
static u64 quantum_cycles[SCHED_PRIORITIES];

void quantum_set(u64 ms)
{
    for (unsigned p = 0; p < SCHED_PRIORITIES; p++)
        quantum_cycles[p] = ns_to_cycles((ms ? ms : table_ms[p]) * NS_PER_MS);
}

u64 rr_quantum(const struct thread *t)
{
    return quantum_cycles[t->priority];
}
