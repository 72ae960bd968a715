/* A second solution of lab 4.2: user mode comes last, and one loop looks at all that may end the wait. */
#include "init/rally.h"
#include "arch/smp.h"
#include "arch/user.h"
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"
#include "init/prepare.h"
#include "sched/affinity.h"
#include "sched/balance.h"
#include "sched/idle.h"
#include "sched/sched.h"
#include "sched/timer.h"

/* What a CPU of its own needs, in an order in which each finds what it builds on. */
static void cpu_prepare_itself(void)
{
    scheduler_init();
    timers_init((unsigned)option_u64("hz"));
    user_mode_init();
}

_Noreturn void cpu_main(struct cpu *cpu)
{
    cpu_init(cpu->id, cpu->current);
    if (cpu_arrives(cpu)) {
        cpu_prepare_itself();
        cpu_set_online();
        idle_run();
    }
    machine_halt();
}

bool cpu_bring_up(struct cpu *cpu, u32 apic_id)
{
    uptr top = cpu->current->stack.base + cpu->current->stack.size;
    bool wanted = true;
    u64 since;

    cpu_start(apic_id, cpu, (void *)top, cpu_main);
    since = clock_ns();
    for (;;) {
        if (__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
            return true;
        if (wanted && clock_ns() - since >= answer_ns()) {
            if (cpu_give_up(cpu))
                return false;
            wanted = false; /* it is on its way: from here on nothing but its coming ends this */
        }
        cpu_relax();
    }
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
