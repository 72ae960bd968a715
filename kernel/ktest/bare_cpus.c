/* Other CPUs that run no threads (bare_cpus.h). No lock: each has words of its own. */
#include "ktest/bare_cpus.h"
#include "arch/smp.h"
#include "init/prepare.h"

static struct {
    u32 told, done; /* [a] how often it was told to work, and has; 0 and 1 before it is there */
} bare[BARE_CPUS_MOST];
static unsigned count;
static void (*work_of_all)(unsigned n);

static u32 read(const u32 *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static _Noreturn void bare_main(struct cpu *cpu)
{
    unsigned n = (unsigned)cpu->id;

    cpu_init(cpu->id, cpu->current);
    if (!cpu_arrives(cpu))
        machine_halt();
    for (u32 done = 0;; done++) {
        __atomic_store_n(&bare[n].done, done, __ATOMIC_RELEASE);
        while (read(&bare[n].told) == done)
            cpu_relax();
        work_of_all(n);
    }
}

unsigned bare_cpus_start(unsigned most, void (*work)(unsigned n))
{
    static u32 apic_id[BARE_CPUS_MOST];
    unsigned n = count ? 0 : cpus_find(apic_id, min(most, BARE_CPUS_MOST));

    work_of_all = work;
    for (unsigned i = 1; i < n; i++) {
        struct cpu *cpu = cpu_prepare((int)i, apic_id[i]);

        if (!cpu)
            break;
        bare[i].done = 1;
        cpu_start(apic_id[i], cpu, (void *)(cpu->current->stack.base + cpu->current->stack.size), bare_main);
        bare_wait(i);
        count = i + 1;
    }
    return max(count, 1u);
}

void bare_go(unsigned n)
{
    __atomic_fetch_add(&bare[n].told, 1, __ATOMIC_RELEASE);
}

void bare_go_all(void)
{
    for (unsigned n = 1; n < count; n++)
        bare_go(n);
}

void bare_wait(unsigned n)
{
    while (read(&bare[n].done) != read(&bare[n].told))
        cpu_relax();
}

void bare_wait_all(void)
{
    for (unsigned n = 1; n < count; n++)
        bare_wait(n);
}
