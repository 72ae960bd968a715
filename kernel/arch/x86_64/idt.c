/* The interrupt descriptor table: 256 gates to the stubs of trap.asm, one table for all CPUs. Built by the boot CPU before any
   other runs. */
#include "arch/x86_64/idt.h"
#include "arch/arch.h"
#include "arch/trap_frame.h"
#include "arch/x86_64/arch_cpu.h"
#include "arch/x86_64/io.h"

#define GATE_BREAKPOINT 0xee /* the same, and a program may say `int3` */
#define GATE_INTERRUPT 0x8e /* present, for the kernel, interrupts off on entry */

struct gate {
    u16 offset_low;
    u16 selector;
    u8 ist;
    u8 type;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

_Static_assert(sizeof(struct gate) == 16, "the processor's layout");

#define PIC_LINE_KEYBOARD (1 << 1)
#define PIC_LINE_COM1 (1 << 4)

extern const u64 trap_stubs[256];
static struct gate idt[256];

static enum ist ist_of(unsigned vector)
{
    switch (vector) {
    case TRAP_DOUBLE_FAULT:
        return IST_DOUBLE_FAULT;
    case TRAP_NMI:
        return IST_NMI;
    case TRAP_MACHINE_CHECK:
        return IST_MACHINE_CHECK;
    default:
        return IST_NONE;
    }
}

static void idt_build(void)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        u64 stub = trap_stubs[vector];

        idt[vector] = (struct gate){
            .offset_low = (u16)stub,
            .selector = KERNEL_CS,
            .ist = ist_of(vector),
            .type = vector == TRAP_BREAKPOINT ? GATE_BREAKPOINT : GATE_INTERRUPT,
            .offset_middle = (u16)(stub >> 16),
            .offset_high = (u32)(stub >> 32),
        };
    }
}

/* The two legacy interrupt controllers: moved away from the exceptions' vectors, so that a spurious interrupt is not taken for
   one, and masked but for console_sleep(). */
static void pic_mask(void)
{
    static const struct {
        u16 port;
        u8 value;
    } steps[] = {
        { 0x20, 0x11 }, { 0xa0, 0x11 }, /* initialise, four steps */
        { 0x21, 0xf0 }, { 0xa1, 0xf8 }, /* their vectors */
        { 0x21, 0x04 }, { 0xa1, 0x02 }, /* the second one hangs on line 2 */
        { 0x21, 0x01 }, { 0xa1, 0x01 }, /* 8086 mode */
        { 0x21, 0xff }, { 0xa1, 0xff }, /* all lines masked */
    };

    for (unsigned i = 0; i < array_len(steps); i++)
        outb(steps[i].port, steps[i].value);
}

void idt_load(void)
{
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) pointer = { sizeof(idt) - 1, (u64)idt };

    if (!idt[0].type) {
        idt_build();
        pic_mask();
    }
    asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

/* The controller remembers a line that rose while it was masked, and sti takes effect behind the hlt: a byte that came after the caller's
   last look ends the sleep at once. trap.asm answers the interrupt; a graded run, whose input is played from memory, has none. */
void console_sleep(void)
{
    outb(0x21, (u8) ~(PIC_LINE_KEYBOARD | PIC_LINE_COM1));
    asm volatile("sti\n\thlt\n\tcli" : : : "memory");
    outb(0x21, 0xff);
}

u64 fault_address(void)
{
    return read_cr2();
}
