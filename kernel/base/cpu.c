/* Per-CPU structures. Each CPU fills its own before anything else runs there. */
#include "base/cpu.h"
#include "base/assert.h"

struct cpu cpus[CONFIG_MAX_CPUS];
u64 cpus_online;
u32 cpus_awake;

/* arch/x86_64/syscall.asm finds them through GS. */
_Static_assert(offsetof(struct cpu, arch) == ARCH_CPU_OFFSET, "CPU_RSP0, CPU_USER_RSP");
_Static_assert(offsetof(struct arch_cpu, tss.rsp[0]) == 4 && offsetof(struct arch_cpu, user_rsp) == 104, "CPU_RSP0, CPU_USER_RSP");

void cpu_init(int id, struct thread *boot)
{
    struct cpu *cpu = &cpus[id];

    cpu->self = cpu;
    cpu->id = id;
    cpu->current = boot;
    cpu->arch.number = 1ul << id;
    arch_cpu_init(cpu, &cpu->arch);
    __atomic_fetch_add(&cpus_awake, 1, __ATOMIC_RELAXED);
}

void cpu_set_online(void)
{
    struct cpu *cpu = this_cpu();

    ASSERT(!irq_enabled(), "cpu_set_online: CPU %d says that it takes part, and its interrupts are on: the first one comes too early",
           cpu->id);
    __atomic_fetch_or(&cpus_online, 1ul << cpu->id, __ATOMIC_RELEASE);
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
}
