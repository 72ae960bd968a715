/* What a CPU finds when it comes up. */
#pragma once

#include "base/cpu.h"

/* What serves all of them. Boot CPU, once, before the first one is started. */
void cpus_prepare(void);
/* Makes CPU id's structure, its idle thread, on whose stack it starts, the stacks of its exceptions, and its trace ring. NULL: no memory.
   Boot CPU, thread context. */
struct cpu *cpu_prepare(int id, u32 apic_id);
/* The CPU itself, when it has come as far as C: false if it was given up in the meantime. Then it has to halt. */
bool cpu_arrives(const struct cpu *cpu);
/* Whoever started it does not want to wait any longer: false if it has arrived in the meantime, and will be online soon. */
bool cpu_give_up(const struct cpu *cpu);
