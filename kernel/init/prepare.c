/* What a CPU finds when it comes up (prepare.h). No lock: a CPU and the one that starts it meet in a word of that CPU's. */
#include "init/prepare.h"
#include "arch/smp.h"
#include "base/interrupt.h"
#include "init/rally.h"
#include "init/start.h"
#include "mm/frames.h"
#include "mm/shootdown.h"
#include "sched/idle.h"
#include "sched/timer.h"

#define PATIENCE_NS (2 * NS_PER_MS) /* a CPU that keeps interrupts off for so long is left as it is */

enum meeting { NOT_STARTED, STARTED, ARRIVED, GIVEN_UP };

static u32 meetings[CONFIG_MAX_CPUS]; /* [a] enum meeting */

static bool freezing; /* [a] */
static u64 frozen;    /* [a] bit n: CPU n */

/* Interrupts that only ask a CPU to look at what others wrote. */
static void looked(void)
{
    if (unlikely(__atomic_load_n(&freezing, __ATOMIC_ACQUIRE))) {
        __atomic_fetch_or(&frozen, 1ul << this_cpu()->id, __ATOMIC_RELEASE);
        machine_halt();
    }
    timer_event_look();
    cpu_relax(); /* under QEMU, whoever sent it goes on */
}

void cpus_freeze(void)
{
    u64 until = clock_ns() + PATIENCE_NS, flags = irq_save();
    u64 others = __atomic_load_n(&cpus_online, __ATOMIC_RELAXED) & ~(1ul << this_cpu()->id);

    __atomic_store_n(&freezing, true, __ATOMIC_RELEASE);
    for (u64 left = others; left; left &= left - 1)
        ipi_send(cpus[__builtin_ctzl(left)].arch.apic_id, VECTOR_RESCHEDULE);
    while (others & ~__atomic_load_n(&frozen, __ATOMIC_ACQUIRE) && clock_ns() < until)
        cpu_relax();
    irq_restore(flags);
}

static bool make_ist_stacks(struct arch_cpu *arch)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < IST_STACK_SIZE)
        order++;
    for (enum ist i = IST_DOUBLE_FAULT; i < IST_COUNT; i++) {
        struct frame *f = frame_alloc(order); /* a block is aligned to its size */

        if (!f)
            return false;
        arch->ist_stack[i] = frame_to_virt(f);
    }
    return true;
}

void cpus_prepare(void)
{
    interrupt_register(VECTOR_RESCHEDULE, looked);
    shootdown_init();
}

struct cpu *cpu_prepare(int id, u32 apic_id)
{
    struct cpu *cpu = &cpus[id];
    struct thread *idle = idle_new(id);

    if (!idle || !make_ist_stacks(&cpu->arch))
        return NULL; /* what it has is lost: there was too little memory for anything */
    cpu->self = cpu;
    cpu->id = id;
    cpu->current = idle;
    cpu->arch.apic_id = apic_id;
    init_trace_ring(id);
    __atomic_store_n(&meetings[id], STARTED, __ATOMIC_RELEASE);
    return cpu;
}

static bool meet(const struct cpu *cpu, enum meeting what)
{
    u32 expected = STARTED;

    return __atomic_compare_exchange_n(&meetings[cpu->id], &expected, what, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool cpu_arrives(const struct cpu *cpu)
{
    return meet(cpu, ARRIVED);
}

bool cpu_give_up(const struct cpu *cpu)
{
    if (!meet(cpu, GIVEN_UP))
        return false;
    cpu_reset(cpu->arch.apic_id);
    return true;
}
