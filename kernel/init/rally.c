/* How the other CPUs come up: lab 4.2. The boot CPU makes everything that the other one has to find (prepare.c) and sends the interrupts
   that start it; the start code (arch/x86_64/ap_boot.asm) brings it as far as cpu_main(), on its own stack and the kernel's page tables,
   with nothing else. No lock: the two meet in a word of that CPU's (prepare.c). */
#include "init/rally.h"
#include "arch/smp.h"
#include "arch/user.h"
#include "base/cmdline.h"
#include "base/lab.h"
#include "base/panic.h"
#include "base/printk.h"
#include "init/prepare.h"
#include "sched/affinity.h"
#include "sched/balance.h"
#include "sched/idle.h"
#include "sched/sched.h"
#include "sched/timer.h"

_Noreturn void cpu_main(struct cpu *cpu)
{
#if SOLVED >= 402
    cpu_init(cpu->id, cpu->current);
    if (!cpu_arrives(cpu))
        machine_halt();
    user_mode_init();
    scheduler_init();
    timers_init((unsigned)option_u64("hz"));
    cpu_set_online();
    idle_run();
#else
    /* What does a CPU need before it can run threads, and in which order? kmain() does the same for the boot CPU. Nothing that uses
       this_cpu() works before cpu_init(); and whoever is online gets work at once. */
    (void)cpu, (void)cpu_arrives;
    machine_halt();
#endif
}

bool cpu_bring_up(struct cpu *cpu, u32 apic_id)
{
#if SOLVED >= 402
    u64 until = clock_ns() + answer_ns();

    cpu_start(apic_id, cpu, (void *)(cpu->current->stack.base + cpu->current->stack.size), cpu_main);
    while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
        if (clock_ns() > until && cpu_give_up(cpu))
            return false;
        else
            cpu_relax();
    return true;
#else
    /* cpu_start() (arch/smp.h) sends the interrupts; stacks grow downwards. cpu->online says when it is there. Do not wait for ever: after
       answer_ns() it is given up, unless it has arrived just now (cpu_give_up()). */
    (void)cpu, (void)apic_id, (void)cpu_start;
    lab_stub("4.2", "cpu_bring_up");
    return false;
#endif
}

/* The boot option `affinity`; 0 = all. New threads are bound as their creator is. */
static void obey_affinity(u64 mask)
{
    if (mask && thread_set_affinity(current()->tid, mask))
        refuse("boot option affinity=%lu: none of these CPUs takes part", mask);
}

void smp_rally(void)
{
    static u32 apic_id[CONFIG_MAX_CPUS];
    unsigned n = min(cpus_find(apic_id, CONFIG_MAX_CPUS), (unsigned)option_u64("cpus"));

    cpus[0].arch.apic_id = apic_id[0];
    balance_init();
    cpus_prepare();
    for (unsigned i = 1; i < n; i++) {
        struct cpu *cpu = cpu_prepare((int)i, apic_id[i]);

        if (!cpu)
            printk("CPU %u: no memory for it; left out\n", i);
        else if (!cpu_bring_up(cpu, apic_id[i]))
            printk("CPU %u (APIC id %u) does not answer: left out\n", i, apic_id[i]);
    }
    obey_affinity(option_u64("affinity"));
}
