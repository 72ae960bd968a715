/* The I/O APIC: brings the interrupt lines of the keyboard and COM1 to the boot CPU. Boot CPU, once, interrupts off. Intel 82093AA. */
#include "arch/arch.h"
#include "arch/timer.h"

#define IOAPIC_PHYSICAL 0xfec00000ul /* where PCs have their first one */
#define SELECT 0
#define WINDOW 4
#define REG_LINE(line) (0x10 + 2 * (line))
#define LINE_KEYBOARD 1
#define LINE_COM1 4

static volatile u32 *ioapic;

static void ioapic_write(u32 reg, u32 value)
{
    ioapic[SELECT] = reg;
    ioapic[WINDOW] = value;
}

/* Fixed delivery, edge triggered, to local APIC 0. */
static void route(unsigned line, enum vector vector)
{
    ioapic_write(REG_LINE(line) + 1, 0);
    ioapic_write(REG_LINE(line), vector);
}

void device_interrupts_init(void)
{
    ioapic = device_map(IOAPIC_PHYSICAL);
    route(LINE_KEYBOARD, VECTOR_KEYBOARD);
    route(LINE_COM1, VECTOR_SERIAL);
}
