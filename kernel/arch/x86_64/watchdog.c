/* The machine's watchdog: QEMU's i6300esb, a PCI device whose deadline is counted in the machine's own time. When it expires, QEMU
   interrupts the guest (NMI) or stops it, as it was told on its command line. Entry: machine_watchdog(), boot CPU, once, after
   mmu_init(). */
#include "arch/arch.h"
#include "arch/x86_64/io.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_ENABLE 0x80000000u
#define PCI_FUNCTION 0x100u  /* from one function to the next ... */
#define PCI_END 0x10000u     /* ... on bus 0 */
#define PCI_COMMAND 0x4
#define PCI_COMMAND_MEMORY 0x2 /* it answers at its addresses */
#define PCI_BAR0 0x10
#define I6300ESB 0x25ab8086u /* device and vendor */
#define ESB_CONFIG 0x60
#define ESB_NO_IRQ 0x3       /* the first stage tells nobody */
#define ESB_FINE 0x4         /* ticks of 2^5 PCI clocks instead of 2^15 */
#define ESB_LOCK 0x68
#define ESB_ENABLE_LOCKED 0x3 /* on, and nobody turns it off again */
#define ESB_TIMER1 0x0
#define ESB_TIMER2 0x4
#define ESB_RELOAD 0xc
#define ESB_ADDRESS 0xfebff000u /* the last page below the I/O APIC: a PC leaves these addresses to devices */
#define LAPIC 0xfee00000ul
#define LAPIC_SPURIOUS 0x0f0
#define LAPIC_ENABLE 0x100u
#define LAPIC_LINT1 0x360
#define LAPIC_NMI 0x400u     /* what comes in there is an NMI */
#define PCI_CLOCKS_PER_MS 33000u
#define FINE_MOST_MS 1000u /* a timer has 20 bits */

static void pci_select(u32 function, u32 reg)
{
    outl(PCI_ADDRESS, PCI_ENABLE | function | reg);
}

/* A firmware that boots a kernel and no more (QEMU's qboot) leaves the pin closed over which the boot CPU is told, and devices without
   addresses. */
static void open_pin(void)
{
    volatile u32 *lapic = device_map(LAPIC);

    lapic[LAPIC_SPURIOUS / 4] |= LAPIC_ENABLE;
    lapic[LAPIC_LINT1 / 4] = LAPIC_NMI;
}

static u64 esb_address(u32 function)
{
    u32 at;

    pci_select(function, PCI_BAR0);
    at = inl(PCI_DATA) & ~0xfu;
    if (at)
        return at;
    outl(PCI_DATA, ESB_ADDRESS);
    pci_select(function, PCI_COMMAND);
    outw(PCI_DATA, PCI_COMMAND_MEMORY);
    return ESB_ADDRESS;
}

/* A write to a timer only counts behind these two. */
static void esb_set(volatile u32 *esb, unsigned reg, u32 ticks)
{
    esb[ESB_RELOAD / 4] = 0x80;
    esb[ESB_RELOAD / 4] = 0x86;
    esb[reg / 4] = ticks;
}

void machine_watchdog(unsigned ms)
{
    bool fine = ms <= FINE_MOST_MS;
    volatile u32 *esb;
    u32 function = 0;

    for (;; function += PCI_FUNCTION) {
        if (function == PCI_END)
            return; /* a machine without one */
        pci_select(function, 0);
        if (inl(PCI_DATA) == I6300ESB)
            break;
    }
    open_pin();
    esb = device_map(esb_address(function));
    pci_select(function, ESB_CONFIG);
    outw(PCI_DATA, (u16)(ESB_NO_IRQ | (fine ? ESB_FINE : 0)));
    esb_set(esb, ESB_TIMER1, (u32)((u64)ms * PCI_CLOCKS_PER_MS >> (fine ? 5 : 15)));
    esb_set(esb, ESB_TIMER2, 1);
    pci_select(function, ESB_LOCK);
    outb(PCI_DATA, ESB_ENABLE_LOCKED);
}
