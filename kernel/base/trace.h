/* sched_trace: one ring of 64-byte records a CPU, which the grader and the debugger read out of guest memory. A single writer
   (the CPU itself, interrupts off), no lock; the sequence number is written last, so a record whose seq is not the expected one
   is not complete. Modes: off; last (overwrites the oldest: for people and panics); all (stops at the end and counts what it
   drops: a model judges no run with drops). */
#pragma once

#include "base/cpu.h"

/* Those marked [d] belong to a decision of the scheduler. From phase 2 on they carry all that the decision depended on, so that
   a model comes to the same one with whole numbers: arg[1] = cycles that tid has run; arg[2] = its own priority (bits 0-7) and
   its effective one without ageing, 0 to 63 (bits 8-15), and the CPU whose run queue is meant (bits 16-23), which need not be the one that
   writes; arg[3] = rq->clock, the cycles at which it was made. */
enum trace_event {
    TRACE_NONE,
    TRACE_CREATE,  /* tid made by other; arg[0] = stack base, arg[1] = stack size, arg[2] = its first expected burst, ns (0: none given),
                      arg[3] = bit n: it may run on CPU n (0: on all that there are) */
    TRACE_ENQUEUE, /* [d] tid is ready and joins the queue; arg[0] = enum enqueue_why */
    TRACE_DEQUEUE, /* [d] tid was taken out without being picked */
    TRACE_PICK,    /* [d] tid was chosen to run next; by pick_next(), just before a switch or instead of one */
    TRACE_SWITCH,  /* the CPU goes from tid to other; arg[0] = the state in which tid is left */
    TRACE_EXIT,    /* tid leaves; arg[0] = exit code */
    TRACE_JOIN,    /* tid got other's exit code; arg[0] = exit code */
    TRACE_RECLAIM, /* other's stack and TCB were given back, by tid */
    TRACE_BLOCK,   /* [d] tid waits; arg[0] = cycles it has run, as arg[1] */
    TRACE_WAKE,    /* tid was woken by other; arg[0] = 1 if it was not blocked and will remember it */
    TRACE_TICK,    /* [d] the timer ticked while tid ran; arg[0] = cycles it has run, as arg[1] */
    TRACE_STOP,    /* tid stands still; by other */
    TRACE_RESUME,  /* tid may go on; by other */
    TRACE_PRIORITY, /* tid's priority was set by other, or what it inherits changed (other = 0); effective without ageing:
                      arg[0] = from, arg[1] = to; arg[2] and arg[3] as [d]. If tid is queued, a DEQUEUE came before and an ENQUEUE
                      follows */
    TRACE_MARK,    /* a test's or a person's mark; arg[0..3] free */
    TRACE_MIGRATE, /* tid, which was in another CPU's queue before, joins one (phase 4): the ENQUEUE follows; arg[0] = from, arg[1] = to,
                      arg[2] = enum migrate_why, arg[3] = under cfs, the min_vruntime of the queue that it leaves */
    TRACE_AFFINITY, /* from now on tid may run where other says (phase 4); arg[0] = bit n: CPU n */
    TRACE_PARAMS,  /* tid is about to be scheduled otherwise (phase 5): arg[0] = runtime or slice, arg[1] = deadline, arg[2] = period, ns */
    TRACE_POLICY,  /* [d] from here on it is; by other. arg[0] = enum sched_policy, its real-time priority (bits 8-15), nice value + 20
                      (bits 16-23), whether children begin with the defaults (bit 24), whether it inherits that and did not ask for it
                      (bit 25; a lent deadline is absolute then, with a runtime of 0). If its class changes and it is queued, a DEQUEUE
                      came before and an ENQUEUE follows */
    TRACE_ENTITY,  /* tid's numbers after the decision before it (phase 5): arg[0] = vruntime, or real-time priority; arg[1] = deadline, or
                      cfs: min_vruntime; arg[2] = lag, ns; arg[3] = what is left of its request, slice or budget, ns, or cfs: what it has
                      run since it was picked */
    TRACE_THROTTLE, /* [d] tid, or the real-time class if tid is of it, has used up its share; arg[0] = ns when there is more */
    TRACE_REPLENISH, /* [d] there is: for tid, arg[0] = its deadline; for the real-time class, tid = 0 */
    TRACE_MISS,    /* [d] tid's deadline arg[0], ns, has passed, and it was not done */
    TRACE_EVENTS
};

enum trace_mode { TRACE_OFF, TRACE_LAST, TRACE_ALL };

struct trace_record {
    u64 time;   /* ns, clock_ns() */
    u64 seq;    /* 1, 2, 3, ...; written last */
    u8 cpu;
    u8 event;   /* enum trace_event */
    u8 class;   /* enum sched_class_id of tid's class */
    u8 spare;   /* 0 */
    u32 tid;
    u32 other;  /* another thread concerned, or 0 */
    u32 queued; /* threads waiting in this CPU's run queue */
    u64 arg[4]; /* by event; in phase 5 vruntime, deadline, lag, budget */
};

_Static_assert(sizeof(struct trace_record) == 64, "one cache line a record, and the grader's decoder");

struct trace_ring {
    struct trace_record *record; /* capacity records */
    u64 capacity;                /* a power of two */
    u64 seq;                     /* last sequence number given */
    u64 dropped;                 /* records lost because the ring was full (mode all) */
    u64 mask;                    /* capacity - 1: which of a sequence number's bits say the place */
    u64 limit;                   /* behind this one something else is due than a record: the ring is full, or trace_stop_at */
    u64 cpu;                     /* whose ring this is */
} __attribute__((aligned(64)));  /* no line shared with another CPU's */

extern enum trace_mode trace_mode;
extern bool trace_on; /* trace_mode is not TRACE_OFF */
extern struct trace_ring trace_rings[CONFIG_MAX_CPUS];
/* The grader writes a sequence number here before the run, into the kernel's file; when this CPU has written that record, the kernel stops
   the other CPUs for good and calls trace_stop_here(). 0 = never. */
extern u64 trace_stop_at[CONFIG_MAX_CPUS];

/* Gives a CPU's ring its memory: `capacity` records, a power of two. Before that CPU writes its first record. */
void trace_ring_init(int cpu, void *memory, u64 capacity);
/* From now on, records are written. Until then trace_mode is TRACE_OFF. */
void trace_start(enum trace_mode mode);
/* Writes a record. Interrupts off. Through the trace_*() calls below, which cost one test when tracing is off. */
__attribute__((noinline, cold)) void trace_write(enum trace_event event, const struct thread *thread, u32 other, u64 a0, u64 a1, u64 a2,
                                                 u64 a3);
/* Prints a CPU's last n records. */
void trace_print(int cpu, unsigned n);

static inline void trace(enum trace_event event, const struct thread *thread, u32 other, u64 a0, u64 a1)
{
    if (unlikely(trace_on))
        trace_write(event, thread, other, a0, a1, 0, 0);
}

/* An empty function for debuggers to stop at. */
void trace_stop_here(void);
const char *trace_event_name(enum trace_event event);
