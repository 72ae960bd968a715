/* Per-CPU data, found through GS by this_cpu(). A field is written by its own CPU with interrupts off, unless it says otherwise. */
#pragma once

#include "arch/x86_64/arch_cpu.h"
#include "arch/upcall.h"
#include "base/thread.h"

#define CONFIG_MAX_CPUS 64

struct rq;       /* sched/rq.h */
struct spinlock; /* base/lock.h */
struct trace_ring; /* base/trace.h */

struct cpu {
    struct cpu *self;         /* must come first: this_cpu() reads it through GS */
    struct arch_cpu arch;     /* task state, descriptors, stacks for exceptions; where arch/x86_64/syscall.asm expects it */
    int id;                   /* 0 is the boot CPU */
    bool online;              /* [a] takes part; read by all */
    bool need_resched;        /* [rq->lock] a reschedule is due at the next point where it may happen; set by any CPU */
    u32 preempt_count;        /* > 0: this CPU does not switch threads */
    struct thread *current;   /* the thread that runs here */
    struct rq *rq;            /* its run queue */
    const u32 *queue_length;  /* that run queue's count, for trace records */
    struct trace_ring *trace; /* its trace ring; NULL until it has one */
    struct spinlock *held;    /* checked builds: the spinlock taken last, head of a chain */
    struct cpu_mine mine;
};

extern struct cpu cpus[CONFIG_MAX_CPUS];
extern u64 cpus_online; /* [a] bit n: CPU n takes part; bits are only ever set */
extern u32 cpus_awake;  /* [a] CPUs that have come as far as cpu_init() */

/* Makes cpus[id] the running CPU's structure, with `boot` as its current thread. Each CPU once, interrupts off, before anything
   that uses this_cpu(). */
void cpu_init(int id, struct thread *boot);
/* This CPU takes part from now on: whatever others may want of it is made ready. Interrupts off. */
void cpu_set_online(void);

/* The running thread stays on the CPU that is returned until the matching cpu_unpin(); interrupts still come. As preempt_disable(), but in
   one step with finding out which CPU that is: between the two the thread could move. */
static inline struct cpu *cpu_pin(void)
{
    u64 flags = irq_save();
    struct cpu *cpu = this_cpu();

    cpu->preempt_count++;
    irq_restore(flags);
    return cpu;
}

static inline void cpu_unpin(void)
{
    struct cpu *cpu = this_cpu();

    if (--cpu->preempt_count == 0 && cpu->need_resched)
        preempt_point();
}

/* How many critical sections the running thread is in. Never stale: as long as there are any it stays on its CPU. In one instruction: in
   two, with interrupts on, the thread could move after it has found out which CPU to ask. */
static inline u32 preempt_count(void)
{
    return (u32)this_cpu_word(offsetof(struct cpu, preempt_count));
}

/* The running thread. Never stale: a thread is current for itself on whatever CPU. */
static inline struct thread *current(void)
{
    return (struct thread *)this_cpu_word(offsetof(struct cpu, current));
}

/* Makes t this CPU's running thread, as current() sees it. Interrupts off, just before the switch to t. */
static inline void set_current(struct thread *t)
{
    this_cpu_set_word(offsetof(struct cpu, current), (u64)t);
}

