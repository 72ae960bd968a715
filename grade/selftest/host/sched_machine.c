/* One CPU for the scheduler's tests: the kernel's own core, timers and policies, on a clock that stands still until a test moves it. A
   switch of threads is a switch of names: switch_context() does nothing, so schedule() returns at once, with another thread as the
   current one; a test acts for whoever that is. */
#include "sched_machine.h"

#include "arch/timer.h"
#include "base/interrupt.h"
#include "base/trace.h"
#include "sched/classes.h"
#if PHASE >= 5
#include "sched/account.h"
#include "sched/deadline.h"
#include "sched/fair.h"
#endif

#define EVERYWHERE { 0, ~0ul } /* a thread's stack: all run on the process's */
#define TRACE_RECORDS (1ul << 18)

struct cpu cpus[CONFIG_MAX_CPUS];
u64 cpus_online = 1;
u32 cpus_awake = 1;
u64 host_flags, host_cycles, host_step, clock_base, clock_ns_per_cycle_q32, host_khz = HOST_KHZ;
struct thread host_threads[THREADS + 1];

static void (*timer_handler)(void);
static u64 timer_deadline = ~0ul; /* cycles */

struct cpu *this_cpu(void)
{
    return &cpus[0];
}

/* --- what the scheduler asks of the machine -------------------------------------------------------------------------------------- */

void timer_set(u64 delta_ns)
{
    timer_deadline = host_cycles + ns_to_cycles(delta_ns) + 1;
}

void timer_stop(void)
{
    timer_deadline = ~0ul;
}

void interrupt_register(enum vector vector, void (*handler)(void))
{
    if (vector == VECTOR_TIMER)
        timer_handler = handler;
}

struct thread *thread_find_locked(tid_t tid)
{
    return tid >= 1 && tid <= THREADS && host_threads[tid].class ? &host_threads[tid] : NULL;
}

/* --- the machine ----------------------------------------------------------------------------------------------------------------- */

static void make(struct thread *t, tid_t tid, enum thread_priority priority, u64 burst_ns)
{
    *t = (struct thread){ .tid = tid, .state = THREAD_NEW, .class = normal_class, .class_id = normal_class->id, .priority = priority,
                          .inherited = -1, .burst_ns = burst_ns, .created_at = clock_ns(), .cpu_mask = ~0ul, .stack = EVERYWHERE };
    snprintf(t->name, sizeof(t->name), "%d", tid);
    list_init(&t->run_link);
    list_init(&t->wait_link);
    list_init(&t->held_mutexes);
    rb_node_init(&t->timer.node);
    class_thread_init(t, NULL);
}

void machine_start(const struct sched_class *class, u64 quantum)
{
    struct cpu *cpu = &cpus[0];
    struct thread *boot = host_thread(1);

    clock_ns_per_cycle_q32 = (NS_PER_SEC << 32) / (host_khz * 1000);
    host_cycles = 12345;
    sched_set_normal_class(class);
    make(boot, 1, PRIORITY_NORMAL, 0);
    boot->state = THREAD_RUNNING;
    boot->state_set = THREAD_RUNNING;
    boot->cpu_cycles = -host_cycles;
    cpu->self = cpu;
    cpu->current = boot;
    scheduler_init();
    this_rq()->idle->stack = (struct kstack)EVERYWHERE;
    trace_ring_init(0, calloc(TRACE_RECORDS, sizeof(struct trace_record)), TRACE_RECORDS);
    trace_start(TRACE_ALL);
    quantum_set(quantum, SCHED_TICK_HZ);
    timers_init(SCHED_TICK_HZ);
    host_flags = RFLAGS_IF;
}

static struct thread *launch(struct thread *t)
{
    u64 flags = irq_save();
    struct rq *rq;

    trace_write(TRACE_CREATE, t, (u32)current()->tid, 0, 0, t->burst_ns, 0);
    class_trace_new(t);
    rq = this_rq_lock();
    sched_make_ready(rq, t, ENQUEUE_NEW);
    spin_unlock_irq(&rq->lock, flags);
    return t;
}

struct thread *machine_launch(tid_t tid, enum thread_priority priority, u64 burst_ns)
{
    make(host_thread(tid), tid, priority, burst_ns);
    return launch(host_thread(tid));
}

#if PHASE >= 5
struct thread *machine_launch_as(tid_t tid, const struct sched_params *p)
{
    static struct thread maker;
    struct thread *t = host_thread(tid);

    maker.se.asked = *p;
    make(t, tid, PRIORITY_NORMAL, 0);
    class_thread_init(t, &maker);
    t->class = class_of_new(t);
    t->class_id = t->class->id;
    return launch(t);
}
#endif

u64 machine_next_interrupt(void)
{
    return timer_deadline;
}

static void interrupt_now(void)
{
    host_flags = 0;
    timer_deadline = ~0ul; /* one shot */
    timer_handler();
    preempt_from_interrupt();
    host_flags = RFLAGS_IF;
}

void machine_run(u64 n)
{
    u64 end = host_cycles + n;

    while (timer_deadline <= end) {
        host_cycles = max(host_cycles, timer_deadline);
        interrupt_now();
    }
    host_cycles = max(host_cycles, end);
}

bool machine_run_thread(struct thread *t, u64 n)
{
    struct rq *rq = this_rq();
    u64 until = t->cpu_cycles + (t == rq->curr ? host_cycles : 0) + n;

    for (;;) {
        u64 left = t == rq->curr ? until - (t->cpu_cycles + host_cycles) : ~0ul;

        if (!left || (t == rq->curr && (s64)left < 0))
            return true;
        if (timer_deadline == ~0ul && left == ~0ul)
            return false;
        machine_run(min(left, timer_deadline > host_cycles ? timer_deadline - host_cycles : 1));
    }
}

void machine_yield(void)
{
    irq_disable();
    yield_locked(this_rq_lock());
    irq_enable();
}

void machine_block(void)
{
    irq_disable();
    thread_block(NULL, "test");
    irq_enable();
}

static void wake_up(struct timer *timer)
{
    thread_wake(container_of(timer, struct thread, timer));
}

void machine_sleep(u64 ns)
{
    irq_disable();
    timer_start(&current()->timer, clock_ns() + ns, wake_up);
    thread_block(NULL, "time");
    irq_enable();
}

void machine_exit(void)
{
    struct rq *rq;
    struct thread *me = current();

    irq_disable();
    rq = this_rq_lock();
    trace(TRACE_EXIT, me, 0, 0, 0);
#if PHASE >= 5
    thread_wait_settle(rq, me);
#endif
    thread_set_state(me, THREAD_ZOMBIE);
    rq->exited = me;
    schedule(rq);
    irq_enable();
}

void machine_wake(struct thread *t)
{
    timer_cancel(&t->timer);
    thread_wake(t);
}

void machine_lend(struct thread *t, int level)
{
    u64 flags = spin_lock_irq(&pi_lock);

    priority_set_inherited(t, level);
    spin_unlock_irq(&pi_lock, flags);
}

/* --- looking --------------------------------------------------------------------------------------------------------------------- */

static void dump_row(const char *name, const u64 *number, unsigned n)
{
    printf("%s", name);
    for (unsigned i = 0; i < n; i++)
        printf(" %lu", number[i]);
    printf("\n");
}

void machine_dump(void)
{
    const struct trace_ring *ring = &trace_rings[0];
    dump_row("quantum", policy.quantum, SCHED_PRIORITIES);
    dump_row("ageing", &policy.ageing, 1);
    dump_row("mlfq_quantum", policy.mlfq_quantum, MLFQ_LEVELS);
    dump_row("mlfq_allotment", policy.mlfq_allotment, MLFQ_LEVELS);
    dump_row("boost", &policy.mlfq_boost, 1);
    dump_row("first_tau", &policy.sjf_first_tau, 1);
    dump_row("cycles_per_ms", &policy.cycles_per_ms, 1);
    dump_row("tick_ns", &policy.tick_ns, 1);
#if PHASE >= 5
    dump_row("clock_base", &clock_base, 1);
    dump_row("clock_ns_per_cycle_q32", &clock_ns_per_cycle_q32, 1);
    dump_row("rt_period_ns", &class_options.rt_period_ns, 1);
    dump_row("rt_runtime_ns", &class_options.rt_runtime_ns, 1);
#endif
    CHECK(!ring->dropped);
    for (u64 i = 0; i < ring->seq; i++) {
        const struct trace_record *r = &ring->record[i];

        printf("event %lu %u %lu %s %u %u %u %u %lu %lu %lu %lu\n", r->time, r->cpu, r->seq, trace_event_name(r->event), r->class, r->tid,
               r->other, r->queued, r->arg[0], r->arg[1], r->arg[2], r->arg[3]);
    }
}

static void check_list(struct list *list, unsigned *n)
{
    struct thread *before = NULL;

    list_for_each(it, list) {
        struct thread *t = list_entry(it, struct thread, run_link);

        CHECK(t->state == THREAD_READY);
        CHECK(!before || ready_before(before, t));
        before = t;
        ++*n;
    }
}

static void check_queues(struct rq *rq, unsigned *n)
{
    check_list(&rq->ready, n);
    for (unsigned i = 0; i < MLFQ_LEVELS; i++)
        check_list(&rq->mlfq.level[i], n);
    for (int i = 0; i < PRIO_LEVELS; i++) {
        CHECK(list_empty(&rq->prio.level[i]) == !(rq->prio.nonempty >> i & 1));
        check_list(&rq->prio.level[i], n);
        list_for_each(it, &rq->prio.level[i])
            CHECK(thread_effective(list_entry(it, struct thread, run_link)) == i);
    }
    rb_for_each(it, &rq->sjf.tree) {
        CHECK(rb_entry(it, struct thread, sjf.node)->state == THREAD_READY);
        CHECK(!rb_next(it) || sjf_before(it, rb_next(it)));
        ++*n;
    }
}

#if PHASE >= 5
static void check_tree(struct rb_tree *tree, bool (*before)(const struct rb_node *a, const struct rb_node *b), unsigned *n)
{
    rb_for_each(it, tree) {
        CHECK(!rb_next(it) || !before(rb_next(it), it));
        ++*n;
    }
}

/* The sums of the fair class are those of its members. */
static void check_fair(struct rq *rq, unsigned *n)
{
    const struct fair_rq *fair = &rq->classes.fair;
    u64 weight = 0;
    s64 sum = 0;
    u32 members = 0;

    check_tree(&rq->classes.fair.tree, normal_class == &eevdf_class ? eevdf_before : cfs_before, n);
    for (tid_t tid = 1; tid <= THREADS; tid++) {
        const struct fair_entity *e = &host_thread(tid)->se.fair;

        if (!host_thread(tid)->class || !e->member)
            continue;
        members++;
        weight += e->weight;
        sum += (s64)(e->vruntime - fair->zero) * e->weight;
        CHECK(rb_linked(&e->node) || host_thread(tid) == rq->curr);
    }
    CHECK(members == fair->nr && weight == fair->weight && (normal_class != &eevdf_class || sum == fair->sum));
}

/* Counts who is queued. Returns how many of them may not run now. */
static unsigned check_classes(struct rq *rq, unsigned *n)
{
    unsigned held_back = 0, rt = 0;

    check_fair(rq, n);
    check_tree(&rq->classes.dl.ready, deadline_before, n);
    rb_for_each(it, &rq->classes.dl.throttled) {
        held_back++;
        ++*n;
    }
    for (unsigned i = 0; i < RT_PRIORITIES; i++) {
        CHECK(list_empty(&rq->classes.rt.level[i]) == !(rq->classes.rt.nonempty[i / 64] >> i % 64 & 1));
        list_for_each(it, &rq->classes.rt.level[i])
            rt++;
    }
    CHECK(rt == rq->classes.rt.nr);
    list_for_each(it, &rq->classes.background.ready)
        ++*n;
    *n += rt;
    return held_back + (rq->classes.rt.throttled ? rt : 0);
}
#else
static unsigned check_classes(struct rq *rq, unsigned *n)
{
    (void)rq, (void)n;
    return 0;
}
#endif

void machine_check(void)
{
    struct rq *rq = this_rq();
    unsigned queued = 0, ready = 0, held_back;

    for (tid_t tid = 1; tid <= THREADS; tid++) {
        const struct thread *t = host_thread(tid);

        ready += t->class && t->state == THREAD_READY;
        CHECK(!t->class || (t->state == THREAD_RUNNING) == (t == rq->curr));
    }
    check_queues(rq, &queued);
    held_back = check_classes(rq, &queued);
    CHECK(queued == ready && rq->nr_ready == ready - held_back);
    CHECK(rq->curr == current() && !spin_held(&rq->lock) && host_flags);
    CHECK(this_cpu()->preempt_count || !this_cpu()->need_resched);
    CHECK(rq->curr != rq->idle || !rq->nr_ready || this_cpu()->preempt_count);
}
