/* Lab 4.2: the other CPUs. Some tests are booted with all of them; in others (cpus=1) they start one themselves, to see how it comes, or
   that it does not. */
#include "arch/smp.h"
#include "arch/user.h"
#include "base/race.h"
#include "init/prepare.h"
#include "init/rally.h"
#include "ktest/child.h"
#include "ktest/ktest.h"
#include "ktest/placed.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/idle.h"

#define MOST 8
#define NOBODY 200u /* no CPU has this APIC id */
#define TICKS 12    /* of its own CPU, for which a thread computes */
#define TOO_LONG_NS (60 * NS_PER_MS)
#define USER_PAGE 0x500000ul

static unsigned nr_online(void)
{
    return (unsigned)__builtin_popcountl(cpus_online);
}

/* --- they run threads ----------------------------------------------------------------------------------------------------------- */

static int look(void *arg)
{
    u64 cpu = (u64)arg, flags = irq_save();

    fact(FACT_FOUND, cpu, (u64)this_cpu()->id);
    fact(FACT_NOTE, cpu, (u64)this_cpu() == (u64)&cpus[cpu] && this_rq() == &run_queues[cpu] && this_rq()->curr == current());
    irq_restore(flags);
    return 0;
}

KTEST(rally_cpus, "a thread on each CPU says where it is")
/* COUNT: 0, CPUs that are online; 1, those of them that idle in the end, but for this one. FOUND: the CPU on which the thread was put, the
   one that this_cpu() said. NOTE: the same CPU, whether structure and run queue are that one's. */
{
    fact(FACT_COUNT, 0, nr_online());
    for (int cpu = 0; cpu < (int)MOST; cpu++) {
        struct thread *t;
        int error;

        if (!(cpus_online >> cpu & 1))
            continue;
        t = start_on(cpu, look, (void *)(u64)cpu, &error);
        if (!t)
            return error;
        end_of(t);
    }
    for (unsigned i = 0; i < 1000 && (cpus_online & ~idle_cpus) != 1ul << this_cpu()->id; i++)
        cpu_relax();
    fact(FACT_COUNT, 1, (u64)__builtin_popcountl(idle_cpus));
    return 0;
}

static u64 compute_until; /* ns; where a CPU's timer does not tick, the test has to end, too */

static int compute(void *arg)
{
    const volatile u64 *ticks = &run_queues[(u64)arg].nr_ticks;
    u64 first = *ticks;

    while (*ticks < first + TICKS && clock_ns() < compute_until)
        ;
    return 0;
}

KTEST(rally_ticks, "two threads compute on each CPU")
/* COUNT: a CPU, its timer's interrupts meanwhile. SWITCHES: a CPU, how often a thread had to make room there. */
{
    struct thread *made[MOST][2] = { 0 };
    u64 interrupts[MOST], preemptions[MOST];
    int error = 0;

    compute_until = clock_ns() + TOO_LONG_NS;
    for (int cpu = 0; cpu < (int)MOST; cpu++) {
        interrupts[cpu] = run_queues[cpu].nr_ticks;
        preemptions[cpu] = run_queues[cpu].nr_preemptions;
        for (unsigned i = 0; i < 2 && !error; i++)
            if (cpus_online >> cpu & 1)
                made[cpu][i] = start_on(cpu, compute, (void *)(u64)cpu, &error);
    }
    for (int cpu = 0; cpu < (int)MOST; cpu++) {
        for (unsigned i = 0; i < 2; i++)
            if (made[cpu][i])
                end_of(made[cpu][i]);
        if (cpus_online >> cpu & 1 && !error) {
            fact(FACT_COUNT, (u64)cpu, run_queues[cpu].nr_ticks - interrupts[cpu]);
            fact(FACT_SWITCHES, (u64)cpu, run_queues[cpu].nr_preemptions - preemptions[cpu]);
        }
    }
    return error;
}

/* --- user mode -------------------------------------------------------------------------------------------------------------------- */

extern const char user_loop[], user_loop_end[];
static int user_cpu;

static int run_user_loop(struct address_space *space)
{
    struct trap_frame *frame = user_frame(current()->user);
    int error = map_pages(space, CHILD_CODE, 1, ACCESS_READ | ACCESS_WRITE);

    if (!error)
        error = aspace_write(space, CHILD_CODE, user_loop, (size_t)(user_loop_end - user_loop));
    if (!error)
        error = aspace_protect(space, CHILD_CODE, PAGE_SIZE, ACCESS_READ | ACCESS_EXEC);
    if (!error)
        error = map_pages(space, USER_PAGE, 1, ACCESS_READ | ACCESS_WRITE);
    if (error)
        return error;
    go_to(user_cpu);
    user_frame_init(frame, CHILD_CODE, 0);
    frame->rbx = (u64)current_process()->pid;
    frame->r12 = USER_PAGE;
    irq_disable();
    user_return(frame);
}

KTEST(rally_user, "a process on each CPU")
/* RESULT: a CPU, its process's status as wait4() codes it. COUNT: a CPU, ticks there meanwhile. */
{
    int error = lift_start();

    if (error)
        return error;
    for (user_cpu = 0; user_cpu < (int)MOST && !error; user_cpu++) {
        u64 ticks = run_queues[user_cpu].nr_ticks;
        int status;

        if (!(cpus_online >> user_cpu & 1))
            continue;
        status = run_in_space(run_user_loop);
        error = status < 0 ? status : 0;
        fact(FACT_RESULT, (u64)user_cpu, (u64)(s64)status);
        fact(FACT_COUNT, (u64)user_cpu, run_queues[user_cpu].nr_ticks - ticks);
    }
    lift_end();
    return error;
}

/* --- one that does not come, or not in time ------------------------------------------------------------------------------------------ */

static u32 apic_ids[MOST];
static u32 here, go; /* [a] the other CPU is there; it may go on */

static void *stack_of(const struct cpu *cpu)
{
    return (void *)(cpu->current->stack.base + cpu->current->stack.size);
}

static void wait_for(const u32 *word)
{
    while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
        cpu_relax();
}

/* cpu_bring_up(), and what came of it. Tells RETURNED: step, what it returned; NOTE: step, ns that it took. */
static bool bring_up(u64 step, struct cpu *cpu, u32 apic_id)
{
    u64 began = clock_ns();
    bool came = cpu_bring_up(cpu, apic_id);

    fact(FACT_NOTE, step, clock_ns() - began);
    fact(FACT_RETURNED, step, came);
    fact(FACT_FOUND, step, __atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE));
    return came;
}

KTEST(rally_silent, "a CPU that is not there is given up, and another one is brought up after it")
/* As bring_up() says: 0 the one that is not there, 1 the other. */
{
    struct cpu *silent = cpu_prepare(1, NOBODY), *other;

    cpus_find(apic_ids, MOST);
    if (!silent)
        return -ENOMEM;
    bring_up(0, silent, NOBODY);
    other = cpu_prepare(2, apic_ids[1]);
    if (!other)
        return -ENOMEM;
    bring_up(1, other, apic_ids[1]);
    return 0;
}

/* In place of a CPU that takes long to come: cpu_bring_up() is told of one that does not exist. */
static _Noreturn void come_late(struct cpu *cpu)
{
    __atomic_store_n(&here, 1, __ATOMIC_RELEASE);
    wait_for(&go);
    cpu_main(cpu);
}

KTEST(rally_late, "a CPU comes when it was given up")
/* As bring_up() says, 0, and of another one, 1. In between, COUNT: 0, how many are online; 1, whether it has a run queue. */
{
    struct cpu *cpu = cpu_prepare(1, NOBODY), *other;

    cpus_find(apic_ids, MOST);
    if (!cpu)
        return -ENOMEM;
    cpu_start(apic_ids[1], cpu, stack_of(cpu), come_late);
    wait_for(&here);
    bring_up(0, cpu, NOBODY);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    for (u64 until = clock_ns() + NS_PER_MS; clock_ns() < until;)
        cpu_relax();
    fact(FACT_COUNT, 0, nr_online());
    fact(FACT_COUNT, 1, cpu->rq != NULL);
    other = cpu_prepare(2, apic_ids[2]);
    if (!other)
        return -ENOMEM;
    bring_up(1, other, apic_ids[2]);
    return 0;
}

/* Arrives in time, and takes longer than anybody waits for one that has not. */
static _Noreturn void arrive_and_take_long(struct cpu *cpu)
{
    u64 until;

    cpu_init(cpu->id, cpu->current);
    cpu_arrives(cpu);
    __atomic_store_n(&here, 1, __ATOMIC_RELEASE);
    for (until = clock_ns() + answer_ns() + NS_PER_MS; clock_ns() < until;)
        cpu_relax();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE); /* nobody is to give it anything to do: not in cpus_online */
    machine_halt();
}

KTEST(rally_arrived, "a CPU has arrived when it would be given up")
/* As bring_up() says, 0. */
{
    struct cpu *cpu = cpu_prepare(1, NOBODY);

    cpus_find(apic_ids, MOST);
    if (!cpu)
        return -ENOMEM;
    cpu_start(apic_ids[1], cpu, stack_of(cpu), arrive_and_take_long);
    wait_for(&here);
    bring_up(0, cpu, NOBODY);
    return 0;
}

/* --- when it is online ------------------------------------------------------------------------------------------------------------- */

/* Not instrumented: no other CPU goes on between what is read here. */
__attribute__((no_sanitize_thread)) static void tell_state(const struct cpu *cpu)
{
    const struct rq *rq = &run_queues[cpu->id];
    bool queue = cpu->rq == rq && rq->idle && rq->curr == rq->idle, tick = rq->tick_phase != 0;

    fact(FACT_STATE, 0, queue);
    fact(FACT_STATE, 1, tick);
}

KTEST(rally_ready, "what a CPU has when it is online (race build)")
/* STATE: 0, whether it has its run queue; 1, whether it has its tick. */
{
    struct cpu *cpu;

    cpus_find(apic_ids, MOST);
    cpu = cpu_prepare(1, apic_ids[1]);
    if (!cpu)
        return -ENOMEM;
    race_start(0, 1); /* at each access another CPU goes on: it is seen online as soon as it is */
    cpu_bring_up(cpu, apic_ids[1]);
    tell_state(cpu);
    race_start(0, 0);
    return 0;
}
