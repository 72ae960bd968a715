/* The other CPUs in a panic (panic_others.h). */
#include "base/panic_others.h"
#include "arch/smp.h"
#include "arch/user.h"
#include "base/cpu.h"
#include "base/printk.h"

#define NOBODY (-1)
#define PATIENCE_NS (10 * NS_PER_MS) /* a CPU that takes no such interrupt for so long takes none at all */

struct panic_other panic_others[CONFIG_MAX_CPUS];
static int first = NOBODY; /* [a] the CPU whose panic it is */

static bool many_online(void)
{
    u64 online = __atomic_load_n(&cpus_online, __ATOMIC_RELAXED);

    return online & (online - 1);
}

void panic_claim(void)
{
    int me = this_cpu()->id, expected = NOBODY;

    if (__atomic_compare_exchange_n(&first, &expected, me, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) || expected == me)
        return;
    for (;;)
        cpu_relax(); /* until the interrupt comes */
}

void panic_stop_here(const struct trap_frame *f)
{
    struct panic_other *me = &panic_others[this_cpu()->id];
    int claimed = __atomic_load_n(&first, __ATOMIC_SEQ_CST);

    if (f->vector != TRAP_NMI || claimed == NOBODY || claimed == this_cpu()->id)
        return;
    me->tid = current()->tid;
    me->user = frame_from_user(f);
    me->frame[0] = f->rip + 1;
    me->nframes = me->user ? 1 : interrupted_backtrace(f, current(), me->frame, PANIC_FRAMES);
    __atomic_store_n(&me->stopped, PANIC_MAGIC, __ATOMIC_RELEASE);
    machine_halt();
}

static void tell(int cpu)
{
    const struct panic_other *other = &panic_others[cpu];
    const struct thread *t = cpus[cpu].current;

    if (__atomic_load_n(&other->stopped, __ATOMIC_ACQUIRE) != PANIC_MAGIC) {
        printk("CPU %d does not answer; it was to run thread %d (%s)\n", cpu, t->tid, t->name);
        return;
    }
    printk("CPU %d was in thread %d (%s)%s\n", cpu, t->tid, t->name, other->user ? ", in its program" : ":");
    if (!other->user)
        backtrace_print(other->frame, (unsigned)other->nframes);
}

static bool all_stopped(void)
{
    for (int cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        if (cpus[cpu].online && cpu != first && __atomic_load_n(&panic_others[cpu].stopped, __ATOMIC_ACQUIRE) != PANIC_MAGIC)
            return false;
    return true;
}

static void stop_all(void)
{
    u64 until = clock_ns() + PATIENCE_NS;

    for (int cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        if (cpus[cpu].online && cpu != first)
            ipi_stop(cpus[cpu].arch.apic_id);
    while (!all_stopped() && clock_ns() < until)
        cpu_relax();
}

void panic_stop_others(void)
{
    if (!many_online())
        return;
    stop_all();
    for (int cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        if (cpus[cpu].online && cpu != first)
            tell(cpu);
}

void halt_others(void)
{
    panic_claim();
    if (many_online())
        stop_all();
}
