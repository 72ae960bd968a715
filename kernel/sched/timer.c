/* Timer queues, the tick, and the interrupt behind both (timer.h). The timer is one shot: it is set to whatever comes first,
   the next tick or the first timer; an idle CPU has no tick. Lock: the queue's. */
#include "sched/timer.h"
#include "arch/timer.h"
#include "base/interrupt.h"
#include "sched/classes.h"
#include "sched/preempt.h"

static struct timer_queue queues[CONFIG_MAX_CPUS];

#define NEVER (~0ul)
#define LATE 64 /* parts of a tick's period of which one is more than an interrupt's own delay */

static struct timer_queue *this_queue(void)
{
    return &queues[this_cpu()->id];
}

/* A timer was put into the queue, or taken off. The queue's lock is held. */
static void note_next(struct timer_queue *queue)
{
    __atomic_store_n(&queue->next, timer_next(queue), __ATOMIC_RELAXED);
}

/* Sets the CPU's timer to what comes next. Interrupts off. Without the queue's lock: the run queue's may be held, which ranks higher. */
static void program(struct rq *rq, u64 now)
{
    u64 next = min(__atomic_load_n(&this_queue()->next, __ATOMIC_RELAXED), rq->next_tick);

    next = min(next, classes_next_event(rq));
    rq->timer_due = next;
    if (next == NEVER)
        timer_stop();
    else
        timer_set(next > now ? next - now : 1);
}

void timer_event_set(struct rq *rq)
{
    if (rq->cpu == this_cpu()->id)
        program(rq, clock_ns());
    else
        smp_interrupt(rq);
}

void timer_event_look(void)
{
    struct rq *rq = this_rq();

    if (classes_next_event(rq) != NEVER)
        program(rq, clock_ns());
}

/* Calls whoever is due, one by one, without the lock: what they do may take others. */
static void expire(struct timer_queue *queue, u64 now)
{
    for (;;) {
        struct timer *timer;

        spin_lock(&queue->lock);
        timer = timer_pop_expired(queue, now);
        queue->expiring = timer;
        note_next(queue);
        spin_unlock(&queue->lock);
        if (!timer)
            return;
        timer->expired(timer);
    }
}

/* Returns whether there was one. Ticks that were missed while interrupts were off are not made up for: the charge goes by time, not by
   ticks. */
static bool tick_if_due(struct rq *rq, u64 now)
{
    const struct cpu *cpu = this_cpu();
    bool ticks;

    rq_lock(rq);
    ticks = now >= rq->next_tick;
    if (ticks) {
        bool due = cpu->need_resched;

        rq->next_tick = smp_next_tick(rq, now);
        if (unlikely(trace_on))
            sched_trace(TRACE_TICK, rq, rq->curr, thread_ran(rq, rq->curr));
        sched_tick(rq);
        rq->nr_slices += !due && cpu->need_resched;
        if (unlikely(trace_on))
            class_trace_entity(rq, rq->curr);
    }
    if (unlikely(now >= classes_next_event(rq)))
        classes_run_events(rq, now);
    spin_unlock(&rq->lock);
    return ticks;
}

/* Under QEMU 7.2 a CPU computes until a timer of any CPU is due, and then often the same one again (docs/design.md). So who computed until
   its own was due lets the next CPU go on, and who comes late, which has waited for its turn, keeps it. */
static void timer_interrupt(void)
{
    struct timer_queue *queue = this_queue();
    struct rq *rq = this_rq();
    u64 now = clock_ns(), due = rq->timer_due;

    if (now >= __atomic_load_n(&queue->next, __ATOMIC_RELAXED))
        expire(queue, now);
    if (tick_if_due(rq, now))
        smp_tick(rq);
    program(rq, now);
    if (now - due < rq->tick_ns / LATE)
        cpu_relax(); /* it computed until now: the next one's turn */
}

void timers_init(unsigned hz)
{
    struct timer_queue *queue = this_queue();
    struct rq *rq = this_rq();

    ASSERT(!rq->cpu || !this_cpu()->online, "timers_init: CPU %d is online already: whoever is gets work at once, so it has its timers and "
           "its tick before that", rq->cpu);
    rq->tick_ns = NS_PER_SEC / hz;
    rq->next_tick = NEVER;
    spin_init(&queue->lock, "timers", RANK_TIMERS);
    rb_tree_init(&queue->tree, NULL);
    queue->next = NEVER;
    timer_init();
    smp_spread_ticks(rq);
    if (!rq->cpu)
        interrupt_register(VECTOR_TIMER, timer_interrupt);
    if (rq->curr != rq->idle)
        tick_start(rq);
}

void timer_start(struct timer *timer, u64 when, void (*expired)(struct timer *timer))
{
    struct timer_queue *queue = this_queue();

    timer->expires = when;
    timer->expired = expired;
    timer->queue = queue;
    spin_lock(&queue->lock);
    timer_insert(queue, timer);
    note_next(queue);
    spin_unlock(&queue->lock);
    program(this_rq(), clock_ns());
}

/* The interrupt that was set for it comes too early for the next one, which costs one look at the clock. */
bool timer_cancel(struct timer *timer)
{
    struct timer_queue *queue = timer->queue;
    bool waits;
    u64 flags;

    if (!queue)
        return false;
    flags = spin_lock_irq(&queue->lock);
    while (queue->expiring == timer && queue != this_queue()) {
        spin_unlock(&queue->lock);
        cpu_relax();
        spin_lock(&queue->lock);
    }
    waits = rb_linked(&timer->node);
    rb_erase(&queue->tree, &timer->node);
    spin_unlock_irq(&queue->lock, flags);
    return waits;
}

void tick_start(struct rq *rq)
{
    u64 now = clock_ns();

    rq->next_tick = smp_first_tick(rq, now);
    program(rq, now);
}

void tick_stop(struct rq *rq)
{
    rq->next_tick = NEVER;
    program(rq, clock_ns());
}

u64 timer_interrupts(void)
{
    return interrupt_count(VECTOR_TIMER);
}
