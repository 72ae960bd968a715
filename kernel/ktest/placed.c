/* Threads on CPUs of a test's choice (placed.h). Lock: the run queues'. */
#include "ktest/placed.h"
#include "arch/smp.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "sched/wait.h"

static struct {
    struct thread *thread;
    struct thread *passenger; /* [a] who is to be taken, as soon as it is BLOCKED */
    int to;
    bool over; /* [a] */
} lift;

/* Both queues' locks, without lab 4.3. */
static void lock_two(struct rq *a, struct rq *b)
{
    rq_lock(a->cpu < b->cpu ? a : b);
    if (a != b)
        rq_lock(a->cpu < b->cpu ? b : a);
}

void put_on(struct thread *t, int cpu)
{
    u64 flags = irq_save();
    struct rq *from = &run_queues[t->last_cpu], *to = &run_queues[cpu];

    lock_two(from, to);
    t->last_cpu = cpu;
    t->cpu_mask = 1ul << cpu;
    t->waits_for = NULL;
    if (from != to)
        spin_unlock(&from->lock);
    cpus[cpu].need_resched = true;
    thread_set_state(t, THREAD_READY);
    sched_enqueue(to, t, ENQUEUE_NEW);
    spin_unlock_irq(&to->lock, flags);
    ipi_send(cpus[cpu].arch.apic_id, VECTOR_RESCHEDULE);
}

struct thread *start_on(int cpu, int (*entry)(void *), void *arg, int *error)
{
    struct thread *t = NULL;

    *error = -EINVAL;
    if (cpus[cpu].online)
        t = thread_new(&(struct thread_params)THREAD_PARAMS("placed", entry, arg), error);
    if (t)
        put_on(t, cpu);
    return t;
}

void end_of(struct thread *t)
{
    while (!__atomic_load_n(&t->left_stack, __ATOMIC_ACQUIRE)) {
        thread_yield();
        cpu_relax();
    }
    thread_join(t->tid, NULL);
}

static int run_lift(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&lift.over, __ATOMIC_ACQUIRE)) {
        struct thread *t = __atomic_load_n(&lift.passenger, __ATOMIC_ACQUIRE);

        if (t && *(volatile enum thread_state *)&t->state == THREAD_BLOCKED) {
            lift.passenger = NULL;
            put_on(t, lift.to);
        }
        thread_yield();
        cpu_relax();
    }
    return 0;
}

int lift_start(void)
{
    int error;

    lift.over = false;
    lift.thread = start_on(this_cpu()->id, run_lift, NULL, &error);
    return lift.thread ? 0 : error;
}

void lift_end(void)
{
    __atomic_store_n(&lift.over, true, __ATOMIC_RELEASE);
    end_of(lift.thread);
}

void go_to(int cpu)
{
    u64 flags = irq_save();

    if (current()->user) /* this CPU would keep its page tables, and have to be asked to give them up (lab 4.4) */
        space_unload(current()->user->users);
    lift.to = cpu;
    __atomic_store_n(&lift.passenger, current(), __ATOMIC_RELEASE);
    thread_block(NULL, "the lift");
    irq_restore(flags);
}
