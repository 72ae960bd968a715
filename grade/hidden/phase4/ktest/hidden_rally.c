/* The machine's other CPUs are brought up by the test (cpus=1), under numbers and in an order that the seed decides; some of those that are
   asked for do not exist. */
#include "arch/smp.h"
#include "base/cmdline.h"
#include "init/prepare.h"
#include "init/rally.h"
#include "ktest/hidden.h"
#include "ktest/placed.h"
#include "lib/errno.h"

#define MACHINE 5u
#define ASKED   5u /* one that is there may come once; the others are not there */
#define NOBODY  100u

static u64 compute_until; /* ns */

/* FOUND: the CPU where it was put, the one that this_cpu() says. Computes until its CPU has ticked three times, or for too long. */
static int look_and_compute(void *arg)
{
    u64 cpu = (u64)arg, flags = irq_save(), first;

    fact(FACT_FOUND, cpu, (u64)this_cpu()->id);
    irq_restore(flags);
    first = run_queues[cpu].nr_ticks;
    while (*(volatile u64 *)&run_queues[cpu].nr_ticks < first + 3 && clock_ns() < compute_until)
        ;
    return 0;
}

/* A number of the kernel's that no CPU has yet. */
static int free_number(u64 *draws, u64 *taken)
{
    for (;;) {
        u64 id = 1 + draw(draws, CONFIG_MAX_CPUS - 1);

        if (!(*taken >> id & 1)) {
            *taken |= 1ul << id;
            return (int)id;
        }
    }
}

/* RETURNED: number, what cpu_bring_up() returned. NOTE: number, ns that it took. */
static int bring_one_up(int id, u32 apic_id)
{
    struct cpu *cpu = cpu_prepare(id, apic_id);
    u64 began = clock_ns();

    if (!cpu)
        return -ENOMEM;
    fact(FACT_RETURNED, (u64)id, cpu_bring_up(cpu, apic_id));
    fact(FACT_NOTE, (u64)id, clock_ns() - began);
    return 0;
}

KTEST(hidden_rally, "CPUs come up under any number, in any order, beside some that do not")
/* See above; and COUNT: a CPU that came, its ticks while a thread computed there. LOAD: 0, cpus_online. */
{
    static u32 apic_id[MACHINE];
    u64 draws = draws_of(0), taken = 1, was_there = 1, online;
    unsigned n = cpus_find(apic_id, MACHINE);
    int error = 0;

    for (unsigned i = 0; i < ASKED && !error; i++) {
        int id = free_number(&draws, &taken);
        u64 which = draw(&draws, MACHINE + 1);
        bool there = which < n && !(was_there >> which & 1);

        if (there)
            was_there |= 1ul << which;
        error = bring_one_up(id, there ? apic_id[which] : NOBODY + i);
    }
    fact(FACT_LOAD, 0, online = cpus_online);
    for (u64 left = online & ~1ul; left && !error; left &= left - 1) {
        int cpu = __builtin_ctzl(left);
        u64 ticks = run_queues[cpu].nr_ticks;
        struct thread *t;

        compute_until = clock_ns() + 8 * NS_PER_SEC / option_u64("hz");
        t = start_on(cpu, look_and_compute, (void *)(u64)cpu, &error);
        if (t)
            end_of(t);
        fact(FACT_COUNT, (u64)cpu, run_queues[cpu].nr_ticks - ticks);
    }
    return error;
}
