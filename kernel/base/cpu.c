/* Per-CPU structures. Each CPU fills its own before anything else runs there. */
#include "base/cpu.h"
#include "base/panic.h"

struct cpu cpus[CONFIG_MAX_CPUS];

void cpu_init(int id, struct thread *boot)
{
    struct cpu *cpu = &cpus[id];

    cpu->self = cpu;
    cpu->id = id;
    cpu->current = boot;
    arch_cpu_init(cpu, &cpu->arch);
    cpu->online = true;
}
