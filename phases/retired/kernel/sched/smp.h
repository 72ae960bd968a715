/* Where the scheduler has to do with several CPUs: nowhere, as long as there is one. */
#pragma once

#include "base/cpu.h"
#include "sched/rq.h"

/* In a class's table: what it gives up to other CPUs. */
#define SMP_STEAL(function)

static inline u64 smp_trace_queue(const struct rq *rq)
{
    (void)rq;
    return 0;
}

static inline void smp_trace_joins(const struct rq *rq, const struct thread *t, enum enqueue_why why)
{
    (void)rq, (void)t, (void)why;
}

static inline u64 smp_trace_mask(const struct thread *t)
{
    (void)t;
    return 0;
}

static inline void smp_rq_init(struct rq *rq)
{
    (void)rq;
}

static inline void smp_count_ready(struct rq *rq)
{
    rq->nr_ready++;
}

static inline void smp_count_wake(const struct rq *rq)
{
    (void)rq;
}

static inline u64 smp_wakes_by_others(const struct rq *rq)
{
    (void)rq;
    return 0;
}

static inline u64 smp_wakes_of_others(const struct rq *rq)
{
    (void)rq;
    return 0;
}

static inline bool smp_joins_alone(const struct rq *rq, const struct thread *t)
{
    (void)rq, (void)t;
    return true;
}

static inline void smp_join(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    (void)rq, (void)t, (void)why;
}

static inline void smp_joined(const struct rq *rq, const struct thread *t)
{
    (void)rq, (void)t;
}

static inline bool smp_take_back(struct thread *t)
{
    (void)t;
    return false;
}

static inline bool smp_has_leaving(const struct rq *rq)
{
    (void)rq;
    return false;
}

static inline bool smp_find_work(struct rq *rq)
{
    (void)rq;
    return false;
}

static inline void smp_tick(struct rq *rq)
{
    (void)rq;
}

static inline void threads_deliver(struct rq *rq)
{
    (void)rq;
}

static inline void smp_resched(struct rq *rq)
{
    cpus[rq->cpu].need_resched = true;
}

static inline void smp_idle(void)
{
}

static inline void smp_busy(const struct rq *rq)
{
    (void)rq;
}

static inline bool smp_all_idle(void)
{
    return true;
}

static inline bool smp_others_idle(void)
{
    return true;
}

static inline void smp_look(const struct thread *t)
{
    (void)t;
}

static inline void smp_interrupt(const struct rq *rq)
{
    (void)rq;
}

static inline void smp_spread_ticks(struct rq *rq)
{
    (void)rq;
}

static inline void smp_seed_ticks(u64 seed)
{
    (void)seed;
}

/* Macros: in phase 1 nothing ticks. */
#define smp_first_tick(rq, now) ((now) + (rq)->tick_ns)
#define smp_next_tick(rq, now) ((rq)->next_tick + ((now) - (rq)->next_tick) / (rq)->tick_ns * (rq)->tick_ns + (rq)->tick_ns)
