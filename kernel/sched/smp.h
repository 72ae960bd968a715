/* Where the scheduler has to do with several CPUs: what core.c, idle.c, preempt.h and timer.c call for it. */
#pragma once

#include "base/cpu.h"
#include "sched/balance.h"
#include "sched/rq.h"

/* For the trace: why a thread goes to another CPU's queue. Whoever moves any for another reason than a wake says so in this_rq(). */
enum migrate_why { MIGRATE_WAKE, MIGRATE_BALANCE, MIGRATE_STEAL, MIGRATE_AFFINITY };

/* What a record of a decision says of rq; bits 16 to 23. */
static inline u64 smp_trace_queue(const struct rq *rq)
{
    return (u64)rq->cpu << 16;
}

/* The record that t joins rq is about to be written: before it comes the one that it left another queue, if it did. why: enum enqueue_why.
   rq->lock held. */
void smp_trace_joins(struct rq *rq, struct thread *t, enum enqueue_why why);

/* Where t, which is being made, may run. */
static inline u64 smp_trace_mask(const struct thread *t)
{
    return t->cpu_mask;
}

/* In a class's table: what it gives up to other CPUs (steal_lists.c). */
#define SMP_STEAL(function) .steal_task = (function),

struct thread *rq_steal(struct rq *rq, int cpu);
struct thread *prio_steal(struct rq *rq, int cpu);
struct thread *mlfq_steal(struct rq *rq, int cpu);
struct thread *sjf_steal(struct rq *rq, int cpu);
struct thread *fair_steal(struct rq *rq, int cpu);
struct thread *rt_steal(struct rq *rq, int cpu);
struct thread *background_steal(struct rq *rq, int cpu);

extern u64 idle_cpus; /* [a] bit n: CPU n has nobody to run. For choosing: it may have changed since */

/* For rq, when it is made. */
static inline void smp_rq_init(struct rq *rq)
{
    list_init(&rq->leaving);
}

/* One more waits in rq. A CPU that becomes idle writes that down first and looks at nr_ready then (balance_given.c); here it is the other
   way round, and the step in between, which is atomic for all, sees to it that at least one of the two sees the other. */
static inline void smp_count_ready(struct rq *rq)
{
    __atomic_fetch_add(&rq->nr_ready, 1, __ATOMIC_SEQ_CST);
}

/* A wait of a thread of rq's has ended: who did that, this CPU or another one? rq->lock held. */
static inline void smp_count_wake(struct rq *rq)
{
    if (likely(rq == this_rq()))
        return;
    rq->nr_wakes_by_others++;
    this_rq()->nr_wakes_of_others++;
}

static inline u64 smp_wakes_by_others(const struct rq *rq)
{
    return rq->nr_wakes_by_others;
}

static inline u64 smp_wakes_of_others(const struct rq *rq)
{
    return __atomic_load_n(&rq->nr_wakes_of_others, __ATOMIC_RELAXED);
}

/* Whether t may join rq as on a machine with one CPU: it may run here, and nobody has to hear of it who could take it. rq->lock held. */
static inline bool smp_joins_alone(const struct rq *rq, const struct thread *t)
{
    return t->cpu_mask >> rq->cpu & 1 && !t->suspended && !__atomic_load_n(&steal_in_vain, __ATOMIC_SEQ_CST);
}

/* Otherwise (migrate.c). A thread that may not run on rq's CPU any more, or was suspended while it ran, is put aside, in no class's queue,
   until threads_deliver() takes it to another one, or stops it. rq->lock held. why: enum enqueue_why. */
void smp_join(struct rq *rq, struct thread *t, enum enqueue_why why);
/* t waits in rq: CPUs that could take it hear of it (balance_tell_idle()). rq->lock held. */
void smp_joined(const struct rq *rq, const struct thread *t);

/* Takes t out again, if it was put aside. Returns whether it was. rq->lock held. */
static inline bool smp_take_back(struct thread *t)
{
    if (likely(!t->leaving))
        return false;
    t->leaving = false;
    list_remove(&t->run_link);
    return true;
}

static inline bool smp_has_leaving(const struct rq *rq)
{
    return !list_empty(&rq->leaving);
}

/* Those who were put aside in rq go where they may run (migrate.c). Interrupts off, no run queue's lock held. */
__attribute__((noinline, cold)) void threads_deliver(struct rq *rq);

/* Lab 4.3 (placement.c): rq's CPU, which is another one and has need_resched set, is told. rq->lock held. */
void resched_remote(struct rq *rq);

/* t has something new to look at on its way through the kernel: if it runs on another CPU, perhaps in a program's loop, it comes by soon.
   What is new was written before; t stays what it is. Any context. */
void smp_look(const struct thread *t);

/* rq's CPU, which is another one, has something new to look at, and nobody there has to make room for it. rq->lock held. */
void smp_interrupt(const struct rq *rq);

/* This CPU has nobody to run, and all that was to be done about the last one is done. Interrupts off. */
static inline void smp_idle(void)
{
    u64 me = 1ul << this_cpu()->id;

    if (!this_cpu()->need_resched && !(__atomic_load_n(&idle_cpus, __ATOMIC_RELAXED) & me))
        __atomic_fetch_or(&idle_cpus, me, __ATOMIC_SEQ_CST);
}

/* rq's CPU has somebody to run, or will have as soon as it looks. */
static inline void smp_busy(const struct rq *rq)
{
    __atomic_fetch_and(&idle_cpus, ~(1ul << rq->cpu), __ATOMIC_SEQ_CST);
}

/* rq's CPU has to choose anew who runs. rq->lock held. */
static inline void smp_resched(struct rq *rq)
{
    bool told = cpus[rq->cpu].need_resched;

    cpus[rq->cpu].need_resched = true;
    if (rq->curr == rq->idle) {
        smp_busy(rq); /* it will be: who looks for an idle CPU from here on takes another one */
        if (unlikely(__atomic_load_n(&steal_told, __ATOMIC_SEQ_CST) >> rq->cpu & 1))
            balance_pass_on(rq);
    }
    if (!told && rq->cpu != this_cpu()->id)
        resched_remote(rq);
}

/* This CPU has nobody to run: whether there is somebody now. Interrupts off. */
static inline bool smp_find_work(struct rq *rq)
{
    return balance_idle(rq);
}

/* A tick of this CPU has passed. Interrupts off. */
static inline void smp_tick(struct rq *rq)
{
    balance_tick(rq);
}

/* Whether no other CPU has anything to do: what this one says of all may be so. */
static inline bool smp_all_idle(void)
{
    return __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST) == __atomic_load_n(&cpus_online, __ATOMIC_SEQ_CST);
}

static inline bool smp_others_idle(void)
{
    return !(__atomic_load_n(&cpus_online, __ATOMIC_SEQ_CST) & ~__atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST) & ~(1ul << this_cpu()->id));
}

/* When CPUs tick (tick_spread.c): rq's place in the period, rq->tick_ns; once, when it is made. */
void smp_spread_ticks(struct rq *rq);
/* The places of all other CPUs that are online, as a seed says. */
void smp_seed_ticks(u64 seed);
/* When rq's CPU ticks first, if it begins to now; and next, after a tick that is due: CPU 0 a whole number of periods later, the usual one
   being one (otherwise smp_later_tick()). rq->lock held. */
u64 smp_first_tick(struct rq *rq, u64 now);
u64 smp_later_tick(const struct rq *rq, u64 now);
static inline u64 smp_next_tick(const struct rq *rq, u64 now)
{
    u64 next = rq->next_tick + rq->tick_ns;

    return next > now && !rq->cpu ? next : smp_later_tick(rq, now);
}
