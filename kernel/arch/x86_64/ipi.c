/* Interrupts from one CPU to another, and starting one. Intel SDM volume 3, 11.6 (the interrupt command register) and 9.4.4 (INIT, STARTUP,
   STARTUP). The registers are the sending CPU's own: no lock, interrupts off while a command is put together. */
#include "arch/arch.h"
#include "arch/smp.h"
#include "arch/x86_64/lapic.h"
#include "arch/x86_64/mmu.h"
#include "lib/string.h"

#define COMMAND_NMI 0x400u
#define COMMAND_INIT 0x500u
#define COMMAND_STARTUP 0x600u /* and the number of the page where the CPU begins, in real mode */
#define COMMAND_PENDING (1u << 12)
#define COMMAND_ASSERT (1u << 14)

#define START_PAGE 0x8000ul /* below 1 MiB, which mm/ leaves alone; START_PAGE in ap_boot.asm */
#define SETTLE_NS 10000ul   /* between INIT and STARTUP: processors since the Pentium 4 need none of the 10 ms that the manual has */

/* What ap_boot.asm takes over into registers. */
struct start_words {
    u64 root;      /* of the kernel's page tables */
    u64 stack_top;
    u64 entry;
    u64 cpu;
};

extern u8 ap_boot_start[], ap_boot_end[], ap_boot_words[];

static void command(u32 apic_id, u32 what)
{
    u64 flags = irq_save(); /* an interrupt in between could send something itself */

    lapic_write(LAPIC_COMMAND_HIGH, apic_id << 24);
    lapic_write(LAPIC_COMMAND, what | COMMAND_ASSERT);
    while (lapic_read(LAPIC_COMMAND) & COMMAND_PENDING)
        cpu_relax();
    irq_restore(flags);
}

void ipi_send(u32 apic_id, enum vector vector)
{
    command(apic_id, vector);
}

void ipi_stop(u32 apic_id)
{
    command(apic_id, COMMAND_NMI);
}

void cpu_reset(u32 apic_id)
{
    command(apic_id, COMMAND_INIT);
}

static void settle(void)
{
    u64 until = clock_ns() + SETTLE_NS;

    while (clock_ns() < until)
        cpu_relax();
}

void cpu_start(u32 apic_id, struct cpu *cpu, void *stack_top, void (*entry)(struct cpu *cpu))
{
    u8 *page = phys_to_virt(START_PAGE);
    struct start_words words = { kernel_root(), (u64)stack_top, (u64)entry, (u64)cpu };

    memcpy(page, ap_boot_start, (size_t)(ap_boot_end - ap_boot_start));
    memcpy(page + (ap_boot_words - ap_boot_start), &words, sizeof(words));
    command(apic_id, COMMAND_INIT);
    settle();
    command(apic_id, COMMAND_STARTUP | (u32)(START_PAGE >> PAGE_SHIFT));
    settle();
    command(apic_id, COMMAND_STARTUP | (u32)(START_PAGE >> PAGE_SHIFT)); /* of one that runs already nothing comes */
}
