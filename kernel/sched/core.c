/* The scheduler's core. schedule() is the only function that switches threads; it keeps the statistics and the trace, and checks that the
   policy and the caller kept their part. It calls the exercises (pick_next, switch_to) and is not one. Lock: the run queue's. */
#include "sched/sched.h"
#include "base/assert.h"
#include "base/trace.h"
#include "sched/idle.h"
#include "sched/thread.h"

static struct rq run_queues[CONFIG_MAX_CPUS];

const struct sched_class *normal_class = &rr_class;
const struct sched_class *sched_classes[] = { &rr_class, &idle_class, NULL };

void sched_set_normal_class(const struct sched_class *class)
{
    normal_class = class;
    sched_classes[0] = class;
}

void scheduler_init(void)
{
    struct cpu *cpu = this_cpu();
    struct rq *rq = &run_queues[cpu->id];

    spin_init(&rq->lock, "run queue", RANK_RUN_QUEUE);
    rq->cpu = cpu->id;
    list_init(&rq->ready);
    rq->curr = cpu->current;
    cpu->rq = rq;
    cpu->queue_length = &rq->nr_ready;
    idle_init(rq);
}

void sched_enqueue(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    ASSERT(spin_held(&rq->lock), "sched_enqueue: the run queue's lock is not held");
    ASSERT(t->state == THREAD_READY, "sched_enqueue: thread %d (%s) is %s, expected READY", t->tid, t->name, thread_state_name(t->state));
    ASSERT(list_empty(&t->run_link), "sched_enqueue: thread %d (%s) is in a run queue already", t->tid, t->name);
    rq->nr_ready++;
    trace(TRACE_ENQUEUE, t, 0, why, 0);
    t->class->enqueue_task(rq, t, why);
}

void sched_dequeue(struct rq *rq, struct thread *t)
{
    ASSERT(spin_held(&rq->lock), "sched_dequeue: the run queue's lock is not held");
    rq->nr_ready--;
    trace(TRACE_DEQUEUE, t, 0, 0, 0);
    t->class->dequeue_task(rq, t);
}

/* What the current thread and its caller owe schedule(). */
static void check_entry(const struct rq *rq, const struct thread *prev)
{
    ASSERT(!irq_enabled(), "schedule: called with interrupts on");
    ASSERT(spin_held(&rq->lock), "schedule: called without the run queue's lock");
    ASSERT(rq->lock.under == NULL, "schedule: thread %d (%s) holds lock '%s' across a switch", prev->tid, prev->name,
           rq->lock.under->name);
    ASSERT(prev == current(), "schedule: rq->curr is thread %d, this_cpu()->current is thread %d: the last switch_to set only one", prev->tid,
           current()->tid);
    ASSERT(prev->state != THREAD_RUNNING, "schedule: thread %d (%s) is still RUNNING: make it READY and queue it, or let it exit, first",
           prev->tid, prev->name);
}

/* What a policy owes schedule(). */
static void check_pick(const struct rq *rq, const struct thread *prev, const struct thread *next)
{
    ASSERT(next, "pick_next: returned NULL; the idle class always has a thread to offer");
    ASSERT(next->state == THREAD_READY, "pick_next: chose thread %d (%s), which is %s, expected READY", next->tid, next->name,
           thread_state_name(next->state));
    ASSERT(list_empty(&next->run_link), "pick_next: thread %d (%s) was chosen but is still in the run queue", next->tid, next->name);
    ASSERT(next == prev || !next->on_cpu, "pick_next: thread %d (%s) runs on CPU %d already", next->tid, next->name, next->last_cpu);
    ASSERT(next == rq->idle || rq->nr_ready, "pick_next: thread %d (%s) was chosen although the queue counts nobody", next->tid, next->name);
    (void)rq;
}

static void charge(struct thread *prev, struct thread *next, u64 now)
{
    prev->cpu_time += now - prev->exec_start;
    prev->ready_since = now;
    next->wait_time += now - next->ready_since;
    next->exec_start = now;
}

/* The first thing after a switch, on the new thread's stack: from here on nothing uses the old thread's. */
static void switch_done(void)
{
    struct cpu *cpu = this_cpu();
    struct thread *prev = cpu->prev;
    bool gone = prev->state == THREAD_ZOMBIE && prev->flags & THREAD_DETACHED;

    prev->on_cpu = false; /* another CPU may take it, or free it, as soon as the lock is gone */
    spin_unlock(&cpu->rq->lock);
    if (unlikely(gone))
        thread_reclaim_detached(prev);
}

void schedule(struct rq *rq)
{
    struct thread *prev = rq->curr;
    struct thread *next;

    check_entry(rq, prev);
    if (prev->class->put_prev_task)
        prev->class->put_prev_task(rq, prev);
    next = pick_next(rq);
    check_pick(rq, prev, next);

    charge(prev, next, clock_ns());
    rq->nr_picks++;
    if (next != rq->idle)
        rq->nr_ready--;
    trace(TRACE_PICK, next, 0, 0, 0);
    this_cpu()->need_resched = false;
    if (next == prev) {
        thread_set_state(prev, THREAD_RUNNING);
        spin_unlock(&rq->lock);
        return;
    }

    rq->nr_switches++;
    next->nr_switches++;
    next->on_cpu = true;
    next->last_cpu = rq->cpu;
    trace(TRACE_SWITCH, prev, (u32)next->tid, prev->state, 0);
    this_cpu()->prev = prev;
    switch_to(rq, prev, next);
    switch_done();
}

void thread_begin(void)
{
    switch_done();
    irq_enable();
}

void thread_yield(void)
{
    u64 flags = irq_save();
    struct rq *rq = this_rq_lock();

    rq->curr->nr_yields++;
    trace(TRACE_YIELD, rq->curr, 0, 0, 0);
    yield_locked(rq);
    irq_restore(flags);
}
