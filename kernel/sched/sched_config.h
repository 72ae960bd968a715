/* The scheduler's numbers, each with its unit and its reason. */
#pragma once

#include "lib/types.h"

/* Ticks a second, `hz=`: a quantum is noticed to be over at most 1 ms late, and at 250 instructions a tick costs 0.025 % of 1 GHz. */
#define SCHED_TICK_HZ 1000
#define SCHED_TICK_HZ_LEAST 10
#define SCHED_TICK_HZ_MOST 10000

/* Round-robin's quantum by thread priority (idle, low, normal, high, critical), ms; `quantum=` sets one value for all. Long enough that a
   switch is noise, short enough that four hogs answer a key in 80 ms. */
#define SCHED_QUANTUM_MS { 5, 10, 20, 30, 40 }
#define SCHED_PRIORITIES 5

/* Priority scheduling: effective priorities 0 to 63, the thread priorities' places among them, and the time, ns, for which a waiting thread
   rises by one: from the lowest to the highest in 5.5 s. */
#define PRIO_LEVELS 64
#define PRIO_BASE { 8, 20, 32, 44, 56 }
#define PRIO_AGEING_NS (100 * NS_PER_MS)

/* Multi-level feedback queue: quantum by level, ms; two quanta are the allotment of a level; and how often all come back to the top. */
#define MLFQ_LEVELS 4
#define MLFQ_QUANTUM_MS { 5, 10, 20, 40 }
#define MLFQ_ALLOTMENT_QUANTA 2
#define MLFQ_BOOST_NS NS_PER_SEC

/* Shortest job first: the burst, ns, that a thread is expected to need before it has shown any. */
#define SJF_FIRST_TAU_NS (10 * NS_PER_MS)

/* CFS: the period, ns, in which everybody has a turn; the shortest turn; and by how much virtual time whoever wakes has to be behind to
   take the CPU. Linux's of one CPU, but for a turn that is short enough to be seen in a trace. SCHED_LATENCY_NS has no part in EEVDF,
   where each thread's slice says how soon it is answered. */
#define SCHED_LATENCY_NS (6 * NS_PER_MS)
#define MIN_GRANULARITY_NS 100000ul
#define CFS_WAKEUP_GRANULARITY_NS NS_PER_MS

/* EEVDF: a request, ns, of a thread that has not said otherwise; and what it may say. */
#define SCHED_SLICE_NS (3 * NS_PER_MS)
#define SCHED_MIN_GRANULARITY_NS 500000ul
#define SCHED_MAX_SLICE_NS (100 * NS_PER_MS)

/* Real-time round-robin: the slice, ns. */
#define SCHED_RR_SLICE_NS (100 * NS_PER_MS)

/* Ticks after which a CPU compares its load with the others' (phase 4), `balance=`. 50 ms at 1000 Hz: a thread that goes elsewhere leaves
   warm caches behind, and what comes and goes faster evens out by itself where threads are woken. */
#define LOAD_BALANCE_INTERVAL 50
