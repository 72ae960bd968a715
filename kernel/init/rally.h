/* The rally: the other CPUs come up, one after the other. */
#pragma once

#include "base/cmdline.h"
#include "base/cpu.h"

/* So long a CPU may take to come, ns: the boot option `answer`. */
static inline u64 answer_ns(void)
{
    return option_u64("answer") * NS_PER_MS;
}

/* Starts the machine's other CPUs, until as many take part as the boot option `cpus` says. One that does not answer in time is told of on
   the console and left out. Boot CPU, in the main thread, interrupts on; once. */
void smp_rally(void);

/* All other CPUs stop for good, each where it may be interrupted and so holds no spinlock: what is in memory stays as it is. One that
   takes no interrupts goes on. For who ends the machine; any context. */
void cpus_freeze(void);

/* Lab 4.2 (rally.c). */

/* The first C of a CPU that comes up: on its idle thread's stack, with the kernel's page tables, and with what cpu_prepare() has made
   (prepare.h); nothing else of this CPU is set up. It takes part from cpu_set_online() on, and runs threads. One that was given up in the
   meantime halts, and has joined nothing. Interrupts are off, up to idle_run(). */
_Noreturn void cpu_main(struct cpu *cpu);
/* Has the CPU of that number come up as `cpu`, which cpu_prepare() made, and waits until it is online. Returns false if it has not arrived
   after answer_ns() and was given up. Boot CPU, in thread context, one CPU at a time. */
bool cpu_bring_up(struct cpu *cpu, u32 apic_id);
