/* sched_machine.c: one CPU for the scheduler's tests, whose time is moved by hand. */
#pragma once

#include "host.h"
#include "sched/control.h"
#include "sched/mutex.h"
#include "sched/policies.h"
#include "sched/preempt.h"
#include "sched/timer.h"

#define THREADS 24 /* ids 1 to THREADS; 1 is there from the start, and runs */
#define HOST_KHZ 999983ul /* a prime: nanoseconds taken for cycles do not go unnoticed */

extern u64 host_khz; /* HOST_KHZ; another one is set before the machine starts */

extern u64 host_step; /* shim/arch/x86_64/inline.h; 0 from the start: time stands still */
extern struct thread host_threads[THREADS + 1];

static inline struct thread *host_thread(tid_t tid)
{
    return &host_threads[tid];
}

/* The CPU starts, under a policy, with thread 1 running. quantum: as the boot option. Once a process. */
void machine_start(const struct sched_class *class, u64 quantum);
/* A new thread of this id, which is free. */
struct thread *machine_launch(tid_t tid, enum thread_priority priority, u64 burst_ns);
#if PHASE >= 5
/* The same, scheduled as p says. */
struct thread *machine_launch_as(tid_t tid, const struct sched_params *p);
#endif
/* Time passes, whoever runs: n cycles, with all interrupts that come. */
void machine_run(u64 n);
/* Until the CPU has run t for n cycles more and runs it now, or nothing will ever happen again (false). */
bool machine_run_thread(struct thread *t, u64 n);
/* When the next interrupt comes, or ~0ul. */
u64 machine_next_interrupt(void);

/* What the running thread does. Whoever is picked then is the running thread on return. */
void machine_yield(void);
void machine_block(void);
void machine_sleep(u64 ns);
void machine_exit(void);
/* thread_wake(), between two interrupts. */
void machine_wake(struct thread *t);
/* t inherits a level (-1: none). */
void machine_lend(struct thread *t, int level);

static inline bool machine_idle(void)
{
    return current()->flags & THREAD_IDLE;
}

/* Prints the policies' numbers and the trace, for the model. */
void machine_dump(void);
/* What must hold between any two steps. */
void machine_check(void);
