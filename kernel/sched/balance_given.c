/* When threads are balanced and stolen, and who may be (balance.h). */
#include "sched/balance.h"
#include "arch/smp.h"
#include "base/cmdline.h"
#include "sched/placement.h"
#include "sched/sched_config.h"

struct balance_options balance_options;
u64 steal_in_vain, steal_told;

void balance_init(void)
{
    balance_options = (struct balance_options){
        .balancing = option_choice("balancing") == 0,
        .stealing = option_choice("steal") == 0,
        .interval = (u32)option_u64("balance") ?: LOAD_BALANCE_INTERVAL,
    };
}

struct thread *steal_from_list(struct list *waiting, int cpu)
{
    for (struct list *it = waiting->prev; it != waiting; it = it->prev) {
        struct thread *t = list_entry(it, struct thread, run_link);

        if (stealable(t, cpu))
            return t;
    }
    return NULL;
}

struct thread *steal_candidate(struct rq *rq, int cpu)
{
    struct thread *t = NULL;
    unsigned n = 0;

    while (sched_classes[n])
        n++;
    while (!t && n--)
        if (sched_classes[n]->steal_task)
            t = sched_classes[n]->steal_task(rq, cpu);
    return t;
}

void balance_tick(struct rq *rq)
{
    if (!balance_options.balancing || ++rq->balance_ticks < balance_options.interval)
        return;
    rq->balance_ticks = 0;
    rq->migrate_why = MIGRATE_BALANCE;
    scheduler_balance_load();
    rq->migrate_why = MIGRATE_WAKE;
}

/* Whether an attempt was in vain is remembered until somebody joins a queue elsewhere (balance_tell_idle()): otherwise idle CPUs would go
   on taking locks that others need. */
bool balance_idle(struct rq *rq)
{
    u64 me = 1ul << rq->cpu;
    bool found;

    if (!balance_options.stealing || __atomic_load_n(&steal_in_vain, __ATOMIC_RELAXED) & me || cpus_online == me)
        return false;
    __atomic_fetch_and(&steal_told, ~me, __ATOMIC_RELAXED);
    __atomic_fetch_or(&steal_in_vain, me, __ATOMIC_SEQ_CST); /* before the look: who joins from here on clears it */
    rq->nr_steal_tries++;
    rq->migrate_why = MIGRATE_STEAL;
    found = steal_work(rq);
    rq->migrate_why = MIGRATE_WAKE;
    if (!found)
        return false;
    __atomic_fetch_and(&steal_in_vain, ~me, __ATOMIC_RELAXED);
    rq->nr_steals++;
    return true;
}

static bool idles(u64 cpu)
{
    return __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST) & cpu;
}

/* CPUs that tried in vain look again: one of those that idle, or all of them, and who is busy as soon as it idles. Who was told already
   and has not looked yet comes for another one: each that joins is somebody's. */
static void tell(u64 among, bool all)
{
    bool told = false;

    for (u64 left = __atomic_load_n(&steal_in_vain, __ATOMIC_SEQ_CST) & among; left; left &= left - 1) {
        u64 it = left & -left;

        if ((told && idles(it)) || !(__atomic_fetch_and(&steal_in_vain, ~it, __ATOMIC_SEQ_CST) & it))
            continue;
        __atomic_fetch_or(&steal_told, it, __ATOMIC_SEQ_CST); /* before the look: who gives it other work clears idle_cpus first */
        if (!idles(it))
            continue;
        ipi_send(cpus[__builtin_ctzl(left)].arch.apic_id, VECTOR_RESCHEDULE);
        told = !all;
    }
}

void balance_tell_idle(const struct rq *rq, const struct thread *t)
{
    if (!(t->flags & THREAD_KTHREAD))
        tell(t->cpu_mask & ~(1ul << rq->cpu), false);
}

void balance_pass_on(const struct rq *rq)
{
    __atomic_fetch_and(&steal_told, ~(1ul << rq->cpu), __ATOMIC_SEQ_CST);
    tell(~(1ul << rq->cpu), true);
}
