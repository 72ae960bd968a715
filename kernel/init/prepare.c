/* What a CPU finds when it comes up (prepare.h). No lock: one CPU at a time is started, and it and the boot CPU meet in one word. */
#include "init/prepare.h"
#include "base/interrupt.h"
#include "init/start.h"
#include "mm/frames.h"
#include "mm/shootdown.h"
#include "sched/idle.h"

enum meeting { STARTED, ARRIVED, GIVEN_UP };

static u32 meeting; /* [a] of the CPU that is being started */

/* Interrupts that only ask a CPU to look at what others wrote: there is nothing more to do. */
static void looked(void)
{
    cpu_relax(); /* under QEMU, whoever sent it goes on */
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

struct cpu *cpu_prepare(int id, u32 apic_id)
{
    struct cpu *cpu = &cpus[id];
    struct thread *idle = idle_new(id);

    if (!idle || !make_ist_stacks(&cpu->arch))
        return NULL; /* what it has is lost: there was too little memory for anything */
    if (id == 1) {
        interrupt_register(VECTOR_RESCHEDULE, looked);
        shootdown_init();
    }
    cpu->self = cpu;
    cpu->id = id;
    cpu->current = idle;
    cpu->arch.apic_id = apic_id;
    init_trace_ring(id);
    __atomic_store_n(&meeting, STARTED, __ATOMIC_RELEASE);
    return cpu;
}

static bool meet(enum meeting what)
{
    u32 expected = STARTED;

    return __atomic_compare_exchange_n(&meeting, &expected, what, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool cpu_arrives(struct cpu *cpu)
{
    (void)cpu;
    return meet(ARRIVED);
}

bool cpu_give_up(struct cpu *cpu)
{
    (void)cpu;
    return meet(GIVEN_UP);
}
