/* What /proc says of threads and CPUs (account.h), each number at one moment: under the run queue's lock. Nothing is counted on a switch's
   behalf: how long a thread has waited follows from what is known of it, and a CPU's sum of that is settled where a thread goes away. */
#include "sched/account.h"
#include "sched/sched.h"
#include "sched/stat.h"

/* The boot thread ran before anybody chose it. */
static u64 turns_of(const struct thread *t)
{
    return t->nr_switches + !!(t->flags & THREAD_BOOT_STACK);
}

static void get_locked(const struct thread *t, int process_nice, struct thread_stats *stats)
{
    u64 turns = turns_of(t);

    *stats = (struct thread_stats){
        .state = t->state, .cpu = t->last_cpu, .cpu_ns = thread_cpu_ns(t), .wait_ns = thread_wait_ns(t), .turns = turns,
        .waits = t->nr_waits, .ousted = turns - (t->state == THREAD_RUNNING) - t->nr_waits, .policy = policy_of_thread(t, process_nice),
    };
}

void thread_stats_get(const struct thread *t, int process_nice, struct thread_stats *stats)
{
    u64 flags = irq_save();
    struct rq *rq = thread_rq_lock(t);

    get_locked(t, process_nice, stats);
    spin_unlock_irq(&rq->lock, flags);
}

void thread_tell(const struct thread *t, int process_nice, sched_teller *tell, void *to)
{
    u64 flags = irq_save();
    struct rq *rq = thread_rq_lock(t);
    struct thread_stats stats;

    get_locked(t, process_nice, &stats);
    tell(to, "se.sum_exec_runtime", (s64)stats.cpu_ns, TELL_NS);
    tell(to, "wait_sum", (s64)stats.wait_ns, TELL_NS);
    tell(to, "wait_count", (s64)stats.turns, TELL_NUMBER);
    tell(to, "nr_switches", (s64)(stats.waits + stats.ousted), TELL_NUMBER);
    tell(to, "nr_voluntary_switches", (s64)stats.waits, TELL_NUMBER);
    tell(to, "nr_involuntary_switches", (s64)stats.ousted, TELL_NUMBER);
    class_tell(rq, t, tell, to);
    tell(to, "policy", stats.policy.policy, TELL_NUMBER);
    tell(to, "prio", stats.policy.prio, TELL_NUMBER);
    tell(to, "priority", t->priority, TELL_NUMBER);
    tell(to, "cpu", stats.cpu, TELL_NUMBER);
    spin_unlock_irq(&rq->lock, flags);
}

void thread_wait_settle(struct rq *rq, struct thread *t)
{
    u64 waited = thread_wait_ns(t);

    rq->waited += waited - t->wait_settled;
    t->wait_settled = waited;
}

struct sum {
    int cpu;
    u64 waited;
};

static bool add_waited(struct thread *t, void *arg)
{
    struct sum *sum = arg;

    if (t->last_cpu == sum->cpu && t->state != THREAD_NEW && t->state < THREAD_ZOMBIE)
        sum->waited += thread_wait_ns(t) - t->wait_settled;
    return true;
}

void cpu_stats_get(int cpu, struct cpu_stats *stats)
{
    struct rq *rq = &run_queues[cpu];
    const struct thread *idle = rq->idle;
    u64 flags = threads_lock_irq();
    struct sum sum = { .cpu = cpu };

    rq_lock(rq);
    thread_for_each_locked(add_waited, &sum);
    *stats = (struct cpu_stats){
        .yields = rq->nr_yields, .decisions = rq->nr_switches + rq->nr_stays, .idle_turns = idle->nr_switches,
        .wakes = rq->nr_wakes + smp_wakes_of_others(rq), .wakes_here = rq->nr_wakes - smp_wakes_by_others(rq),
        .run_ns = clock_ns() - idle->created_at - thread_cpu_ns(idle), .wait_ns = (u64)max((s64)(rq->waited + sum.waited), 0l),
        .turns = rq->nr_switches - idle->nr_switches,
    };
    spin_unlock(&rq->lock);
    threads_unlock_irq(flags);
}
