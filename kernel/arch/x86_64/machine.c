/* Stopping the machine. Any context. */
#include "arch/arch.h"
#include "arch/x86_64/io.h"

#define ACPI_PM1A_CONTROL 0x604 /* QEMU's pc machine */
#define ACPI_SLEEP_S5 0x2000
#define DEBUG_EXIT_PORT 0xf4  /* QEMU's isa-debug-exit */

_Noreturn void machine_halt(void)
{
    for (;;)
        asm volatile("cli\n\thlt");
}

/* sti takes effect behind the instruction that follows it: no interrupt comes in between. */
void cpu_wait(void)
{
    asm volatile("sti\n\thlt" : : : "memory");
}

_Noreturn void machine_poweroff(void)
{
    outw(ACPI_PM1A_CONTROL, ACPI_SLEEP_S5);
    machine_halt();
}

void machine_exit_hint(enum exit_hint hint)
{
    outb(DEBUG_EXIT_PORT, (u8)hint);
}
