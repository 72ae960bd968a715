/* Other CPUs that run no threads (bare_cpus.h). No lock: each has words of its own. */
#include "ktest/bare_cpus.h"
#include "arch/smp.h"
#include "init/prepare.h"

static struct {
    bool there, go, done; /* [a] */
} bare[BARE_CPUS_MOST];
static unsigned count;
static void (*work_of_all)(unsigned n);

static void wait_for(const bool *word)
{
    while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
        cpu_relax();
}

static _Noreturn void bare_main(struct cpu *cpu)
{
    unsigned n = (unsigned)cpu->id;

    cpu_init(cpu->id, cpu->current);
    if (!cpu_arrives(cpu))
        machine_halt();
    __atomic_store_n(&bare[n].there, true, __ATOMIC_RELEASE);
    wait_for(&bare[n].go);
    work_of_all(n);
    __atomic_store_n(&bare[n].done, true, __ATOMIC_RELEASE);
    machine_halt();
}

unsigned bare_cpus_start(unsigned most, void (*work)(unsigned n))
{
    static u32 apic_id[BARE_CPUS_MOST];
    unsigned n = cpus_find(apic_id, min(most, BARE_CPUS_MOST));

    work_of_all = work;
    for (count = 1; count < n; count++) {
        struct cpu *cpu = cpu_prepare((int)count, apic_id[count]);

        if (!cpu)
            break;
        cpu_start(apic_id[count], cpu, (void *)(cpu->current->stack.base + cpu->current->stack.size), bare_main);
        wait_for(&bare[count].there);
    }
    return count;
}

void bare_go(unsigned n)
{
    __atomic_store_n(&bare[n].go, true, __ATOMIC_RELEASE);
}

void bare_go_all(void)
{
    for (unsigned n = 1; n < count; n++)
        bare_go(n);
}

void bare_wait(unsigned n)
{
    wait_for(&bare[n].done);
}

void bare_wait_all(void)
{
    for (unsigned n = 1; n < count; n++)
        bare_wait(n);
}
