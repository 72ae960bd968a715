/* What the cases of the scheduling classes need beside the machine: test_classes.c, and the files test_class_*.c. */
#pragma once

#include "sched/attr.h"
#include "sched/fair.h"
#include "sched/lend.h"
#include "sched_machine.h"

#define MS(n) ((n) * host_khz) /* cycles */

static inline struct sched_params normal_params(int nice, u64 slice)
{
    return (struct sched_params){ .policy = SCHED_OTHER, .nice = (s8)nice, .runtime = slice };
}

static inline struct sched_params deadline_params(u64 runtime, u64 deadline, u64 period)
{
    return (struct sched_params){ .policy = SCHED_DEADLINE, .runtime = runtime, .deadline = deadline, .period = period };
}

static inline struct sched_params rt_params(u8 policy, u8 priority)
{
    return (struct sched_params){ .policy = policy, .rt_priority = priority };
}

/* What t has run up to now, ns. */
static inline u64 ran_ns(const struct thread *t)
{
    u64 flags = irq_save();
    u64 ran;

    spin_unlock(&this_rq_lock()->lock); /* whoever takes the lock looks at the clock */
    ran = cycles_to_ns(thread_ran(this_rq(), t));
    irq_restore(flags);
    return ran;
}

static inline struct thread *launch_nice(tid_t tid, int nice, u64 slice)
{
    struct sched_params p = normal_params(nice, slice);

    return machine_launch_as(tid, &p);
}

/* Thread 1, when it runs again, blocks: the others have the CPU. */
static inline void leave(void)
{
    CHECK(machine_run_thread(host_thread(1), 0));
    machine_block();
}

static inline s64 lag_of(const struct thread *t)
{
    u64 arg[4] = { 0 };

    fair_entity(this_rq(), t, arg);
    return (s64)arg[2];
}
