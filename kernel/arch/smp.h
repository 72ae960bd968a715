/* The other CPUs, as the rest of the kernel sees them: which there are, starting one, interrupting one (x86_64/acpi.c, ap_boot.asm,
   ipi.c). */
#pragma once

#include "arch/timer.h"
#include "lib/types.h"

struct cpu;      /* base/cpu.h */
struct arch_cpu; /* arch/x86_64/arch_cpu.h */

/* The interrupt controllers' numbers (APIC ids) of the machine's CPUs, at most max of them, the one that runs first. Returns how many: 1
   where the firmware names no others. Boot CPU, after timer_init(), interrupts off. */
unsigned cpus_find(u32 *apic_id, unsigned max);
/* Wakes the CPU with that number; it comes from reset through protected to long mode, turns to the kernel's page tables and calls
   entry(cpu) at stack_top, interrupts off. Returns when the interrupts are sent, some 20 us later; whether the CPU comes, entry tells. One
   at a time, and the next one only when this one has come or is given up for lost: there is one page of start code. Boot CPU. */
void cpu_start(u32 apic_id, struct cpu *cpu, void *stack_top, void (*entry)(struct cpu *cpu));

/* Puts a CPU back to where it waits to be started: one that was given up must not come while the start code is another one's. */
void cpu_reset(u32 apic_id);

/* Interrupts the CPU with that number. Any context; who waits for what follows says cpu_relax(). */
void ipi_send(u32 apic_id, enum vector vector);
/* The same with the interrupt that cannot be turned off. Not of a CPU that was never started: it would take it in the firmware, and reset
   the machine. */
void ipi_stop(u32 apic_id);
