/* The idle class and thread. Lock: the run queue's. */
#include "sched/idle.h"
#include "sched/sched.h"
#include "lib/format.h"
#include "mm/kstack.h"
#include "sched/thread.h"
#if PHASE >= 2
#include "sched/preempt.h"
#include "sched/timer.h"
#endif

#define IDLE_STACK_SIZE 8192

static struct thread idle_threads[CONFIG_MAX_CPUS];
static u8 boot_idle_stack[IDLE_STACK_SIZE] __attribute__((aligned(16)));

void (*sched_all_exited)(void);

/* Whether anything can still make a thread ready: an interrupt, for one that waits. In phase 1 there is none. */
static bool somebody_may_come(void)
{
#if PHASE >= 2
    if (thread_count())
        return true;
#endif
    return !smp_all_idle(); /* where the last thread is still being given back, they say so when that is done */
}

/* The interrupt that makes a thread ready also takes the CPU away from here. */
static int idle_loop(void *arg)
{
    (void)arg;
    for (;;) {
        irq_disable();
        smp_idle();
        if (!somebody_may_come() && sched_all_exited)
            sched_all_exited();
        /* Who exited just now may have woken somebody: no interrupt would tell. */
        if (!this_cpu()->need_resched && !smp_find_work(this_rq()))
            cpu_wait();
        irq_enable();
#if PHASE >= 2
        preempt_point();
#endif
    }
    return 0; /* never reached */
}

/* The stack is laid out when it is needed for the first time: a kernel whose first_stack() is not written yet still starts. */
static struct thread *idle_pick(struct rq *rq)
{
    struct thread *idle = rq->idle;

    if (idle->state == THREAD_NEW) {
        idle->rsp = first_stack(boot_idle_stack + IDLE_STACK_SIZE, idle_loop, NULL);
        thread_set_state(idle, THREAD_READY);
    }
#if PHASE >= 2
    tick_stop(rq);
#endif
    rq->nr_ready++; /* schedule() counts whom it picked as one less, and the idle thread was never counted */
    return idle;
}

#if PHASE >= 2
static void idle_put_prev(struct rq *rq, struct thread *t)
{
    (void)t;
    smp_busy(rq);
    tick_start(rq);
}
#endif

const struct sched_class idle_class = {
    .id = SCHED_CLASS_IDLE,
    .name = "idle",
    .pick_next_task = idle_pick,
#if PHASE >= 2
    .put_prev_task = idle_put_prev,
#endif
};

static struct thread *idle_make(int cpu, struct kstack stack, enum thread_state state)
{
    struct thread *idle = &idle_threads[cpu];

    *idle = (struct thread){
        .state = state,
        .state_set = (u8)state,
        .flags = THREAD_KTHREAD | THREAD_IDLE | THREAD_BOOT_STACK,
        .class = &idle_class,
        .class_id = SCHED_CLASS_IDLE,
        .last_cpu = cpu,
        .cpu_mask = 1ul << cpu,
        .stack = stack,
        .created_at = clock_ns(),
    };
    format(idle->name, sizeof(idle->name), "idle/%d", cpu);
    list_init(&idle->run_link);
    return idle;
}

void idle_init(struct rq *rq)
{
    if (!rq->cpu)
        idle_make(0, (struct kstack){ (u64)boot_idle_stack, IDLE_STACK_SIZE }, THREAD_NEW);
    rq->idle = &idle_threads[rq->cpu];
}

struct thread *idle_new(int cpu)
{
    struct kstack stack;

    return kstack_alloc(&stack, IDLE_STACK_SIZE) ? NULL : idle_make(cpu, stack, THREAD_RUNNING);
}

_Noreturn void idle_run(void)
{
    ASSERT(!irq_enabled(), "idle_run: called with interrupts on: until here, nobody but CPU %d's start has run there", this_cpu()->id);
    current()->created_at = clock_ns(); /* its CPU runs threads from here on, and its turn begins */
    current()->cpu_cycles = -cycles();
    idle_loop(NULL);
    panic("idle_run: CPU %d's idle thread came back", this_cpu()->id);
}
