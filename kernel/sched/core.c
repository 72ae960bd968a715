/* The scheduler's core. schedule() is the only function that switches threads; it keeps the statistics and the trace, and checks that the
   policy and the caller kept their part. It calls the exercises (pick_next, switch_to) and is not one. Lock: the run queue's. */
#include "sched/sched.h"
#include "base/assert.h"
#include "base/trace.h"
#include "sched/account.h"
#include "sched/classes.h"
#include "sched/idle.h"
#if PHASE >= 2
#include "sched/preempt.h"
#include "sched/timer.h"
#include "sched/wait.h"
#endif
#include "sched/thread.h"
#if PHASE >= 3
#include "arch/user.h"
#endif

struct rq run_queues[CONFIG_MAX_CPUS];

const struct sched_class *normal_class = &rr_class;
const struct sched_class *const sched_policies[] = {
    &rr_class, &fcfs_class,
#if PHASE >= 2
    &sjf_class, &prio_class, &mlfq_class,
#endif
    CLASSES_POLICIES
    NULL
};
const struct sched_class *sched_classes[] = { CLASSES_ABOVE &rr_class, CLASSES_BELOW &idle_class, NULL };

void sched_set_normal_class(const struct sched_class *class)
{
    normal_class = class;
    sched_classes[CLASSES_NORMAL] = class;
}

void scheduler_init(void)
{
    struct cpu *cpu = this_cpu();
    struct rq *rq = &run_queues[cpu->id];

    spin_init(&rq->lock, "run queue", RANK_RUN_QUEUE);
    rq->lock.order = (u32)cpu->id;
    rq->cpu = cpu->id;
    list_init(&rq->ready);
    smp_rq_init(rq);
#if PHASE >= 2
    policies_init(rq);
#endif
    classes_rq_init(rq);
    rq->curr = cpu->current;
    cpu->rq = rq;
    cpu->queue_length = &rq->nr_ready;
    idle_init(rq);
}

void sched_check_enqueue(const struct rq *rq, const struct thread *t)
{
    ASSERT(spin_held(&rq->lock), "sched_enqueue: the run queue's lock is not held");
    ASSERT(t->state == THREAD_READY, "sched_enqueue: thread %d (%s) is %s, expected READY", t->tid, t->name, thread_state_name(t->state));
    ASSERT(list_empty(&t->run_link), "sched_enqueue: thread %d (%s) is in a run queue already", t->tid, t->name);
}

void sched_enqueue_slowly(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    if (trace_on) {
        smp_trace_joins(rq, t, why);
        sched_trace(TRACE_ENQUEUE, rq, t, why);
    }
    if (smp_joins_alone(rq, t))
        t->class->enqueue_task(rq, t, why);
    else
        smp_join(rq, t, why);
    if (trace_on && !t->leaving)
        class_trace_entity(rq, t);
}

void sched_dequeue(struct rq *rq, struct thread *t)
{
    ASSERT(spin_held(&rq->lock), "sched_dequeue: the run queue's lock is not held");
    if (likely(t->leaving || !class_held_back(rq, t)))
        rq->nr_ready--;
    if (unlikely(trace_on))
        sched_trace(TRACE_DEQUEUE, rq, t, 0);
    thread_wait_settle(rq, t);
    if (!smp_take_back(t))
        t->class->dequeue_task(rq, t);
}

/* What the current thread and its caller owe schedule(). */
static void check_entry(const struct rq *rq, const struct thread *prev)
{
    ASSERT(prev, "schedule: rq->curr is NULL: it names the thread that calls");
    ASSERT(!irq_enabled(), "schedule: called with interrupts on");
    ASSERT(spin_held(&rq->lock), "schedule: called without the run queue's lock");
    ASSERT(rq->lock.under == NULL, "schedule: thread %d (%s) holds lock '%s' across a switch", prev->tid, prev->name,
           rq->lock.under->name);
    ASSERT(prev == current(), "schedule: rq->curr is thread %d, current() is thread %d: the last switch_to set only one", prev->tid,
           current()->tid);
#if PHASE >= 2
    ASSERT(!this_cpu()->preempt_count, "schedule: thread %d (%s) blocks or yields with preemption disabled (preempt_count %d)", prev->tid,
           prev->name, (int)this_cpu()->preempt_count);
#endif
    ASSERT(prev->state != THREAD_RUNNING, "schedule: thread %d (%s) is still RUNNING: who calls has left that state", prev->tid,
           prev->name);
    thread_check_state(prev);
}

/* What a policy owes schedule(). */
static void check_pick(const struct rq *rq, const struct thread *next)
{
    ASSERT(next, "pick_next: returned NULL; the idle class always has a thread to offer");
    ASSERT(next->state == THREAD_READY, "pick_next: chose thread %d (%s), which is %s, expected READY", next->tid, next->name,
           thread_state_name(next->state));
    ASSERT(list_empty(&next->run_link), "pick_next: thread %d (%s) was chosen but is still in the run queue", next->tid, next->name);
    ASSERT(rq->nr_ready, "pick_next: thread %d (%s) was chosen, and rq->nr_ready says that nobody waits: sched_enqueue() counts who joins, "
           "schedule() who leaves, and nobody else", next->tid, next->name);
    (void)rq; /* CHECKED=0 */
}

/* What switch_to() owes the thread that it switched to. */
static void check_switched(const struct rq *rq)
{
    const struct thread *me = current();

    ASSERT(stack_pointer() - me->stack.base < me->stack.size,
           "switch_to: current() says that thread %d (%s) runs, and the stack in use is not that thread's", me->tid, me->name);
    ASSERT(rq->curr == me, "switch_to: rq->curr says that thread %d runs, and it is thread %d (%s)", rq->curr->tid, me->tid, me->name);
    ASSERT(me->state == THREAD_RUNNING, "switch_to: thread %d (%s) runs, and its state is %s", me->tid, me->name,
           thread_state_name(me->state));
    thread_check_state(me);
}

/* The first thing after a switch, on the new thread's stack: from here on nothing uses the old thread's. */
static inline void switch_done(void)
{
    struct rq *rq = this_rq();
    struct thread *exited = rq->exited;
    bool deliver = smp_has_leaving(rq);

    if (IS_CHECKED)
        check_switched(rq);
    rq->exited = NULL;
    spin_unlock(&rq->lock);
    if (unlikely(exited))
        thread_left_stack(exited);
    if (unlikely(deliver))
        threads_deliver(rq);
}

__attribute__((noinline, cold)) void sched_trace(enum trace_event event, const struct rq *rq, const struct thread *t, u64 arg)
{
    u64 ran = 0, priority = t->priority | smp_trace_queue(rq), clock = 0;

#if PHASE >= 2
    ran = thread_ran(rq, t);
    priority |= (u64)thread_effective(t) << 8;
    clock = rq->clock;
#endif
    trace_write(event, t, 0, arg, ran, priority, clock);
}

#if PHASE >= 2
__attribute__((noinline, cold)) void sched_trace_priority(const struct rq *rq, const struct thread *t, tid_t by, int before)
{
    u64 after = (u64)thread_effective(t);

    trace_write(TRACE_PRIORITY, t, (u32)by, (u64)before, after, t->priority | after << 8 | smp_trace_queue(rq), rq->clock);
}
#endif

__attribute__((noinline, cold)) static void trace_switch(struct rq *rq, const struct thread *prev, const struct thread *next)
{
    sched_trace(TRACE_PICK, rq, next, 0);
    class_trace_entity(rq, next);
    if (next != prev)
        trace_write(TRACE_SWITCH, prev, (u32)next->tid, prev->state, 0, 0, 0);
}

#if PHASE >= 3
/* A function of its own, which no analysis of the program takes apart: two threads of the kernel's pass by with three instructions. */
__attribute__((noipa)) static void switch_user_mode(const struct thread *prev, const struct thread *next)
{
    user_context_switch(prev->user, next->user);
}
#endif

/* Statistics, trace and the step itself are in one function and in this order because this is the kernel's hottest path:
   docs/performance.md counts its instructions. */
void schedule(struct rq *rq)
{
    struct thread *prev = rq->curr;
    struct thread *next;
    u64 now;

    check_entry(rq, prev);
#if PHASE >= 2
    if (prev->class->put_prev_task)
        prev->class->put_prev_task(rq, prev);
    this_cpu()->need_resched = false;
#endif
    next = pick_next(rq);
    check_pick(rq, next);

    rq->nr_ready--;
    if (unlikely(trace_on))
        trace_switch(rq, prev, next);
    if (unlikely(next == prev)) {
        rq->nr_stays++;
        thread_set_state(prev, THREAD_RUNNING);
        spin_unlock(&rq->lock);
        return;
    }

    now = rq->clock;
    prev->cpu_cycles += now;
    next->cpu_cycles -= now;
    next->nr_switches++;
    rq->nr_switches++;
#if PHASE >= 3
    if (unlikely((u64)prev->user | (u64)next->user))
        switch_user_mode(prev, next);
#endif
    switch_to(rq, prev, next);
    switch_done();
}

void thread_begin(void)
{
    ASSERT(!irq_enabled(), "thread_begin: called with interrupts on: a new thread starts with them off, and thread_begin() turns them on "
           "when it has given back the run queue's lock");
    switch_done();
    irq_enable();
}

/* flatten: where the whole kernel is optimised at once (CHECKED=0), the way from here to switch_context() becomes one function. */
__attribute__((flatten, noinline)) void thread_yield(void)
{
    struct rq *rq;

    ASSERT(irq_enabled(), "thread_yield: called with interrupts off, that is, inside a critical section");
    irq_disable();
    rq = this_rq_lock();
    yield_locked(rq);
    ASSERT(!irq_enabled(), "yield_locked: came back with interrupts on; schedule() comes back with interrupts off");
    ASSERT(!spin_held(&this_rq()->lock), "yield_locked: came back with the run queue's lock held; schedule() gives it up");
    irq_enable();
}

#if PHASE >= 2
/* Whether a thread that just became ready has to run before the current one: by class first, then as its class says. One that is on its
   way to another CPU, or that its class holds back, is ready, but not to run here and now. */
void sched_check_preempt(struct rq *rq, struct thread *t)
{
    if (t->leaving || class_held_back(rq, t))
        return;
    if (t->class->id < rq->curr->class->id || rq->curr == rq->idle)
        resched(rq);
    else if (t->class->check_preempt_curr && t->class == rq->curr->class)
        t->class->check_preempt_curr(rq, t);
}

void sched_make_ready(struct rq *rq, struct thread *t, enum enqueue_why why)
{
    u64 now = clock_ns();

    if (why == ENQUEUE_WAKE) {
        t->blocked_time += now - t->blocked_since;
        rq->nr_wakes++;
        smp_count_wake(rq);
    }
    thread_set_state(t, THREAD_READY);
    t->ready_since = now;
    sched_enqueue(rq, t, why);
    sched_check_preempt(rq, t);
}

/* Who runs may have to make room for who waits now, and who waits may have to be let in: schedule() finds out. */
void sched_check_priorities(struct rq *rq, struct thread *t)
{
    if (t == rq->curr)
        resched(rq);
    else if (t->state == THREAD_READY)
        sched_check_preempt(rq, t);
}
#endif
