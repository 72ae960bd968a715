/* The kernel's clock: the time stamp counter, calibrated against the programmable interval timer, whose 1.193182 MHz are the
   same on every PC. Written once at boot, then read by anyone without a lock. */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "arch/x86_64/io.h"

#define PIT_HZ 1193182ul
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61       /* bit 0: channel 2 counts; bit 1: speaker */
#define CALIBRATE_TICKS 3600 /* some 3 ms; an edge is seen to within one port read, so the error is far below 0.1 % */
#define PAUSE_ROUNDS 2000    /* some us between looks that need no edge: a port read is the dearest instruction of an emulator */

static u64 tsc_hz;
u64 clock_base;
u64 clock_ns_per_cycle_q32;

static u16 pit_read(void)
{
    u8 low;

    outb(PIT_COMMAND, 0x80); /* latch channel 2 */
    low = inb(PIT_CHANNEL2);
    return (u16)(low | inb(PIT_CHANNEL2) << 8);
}

/* The TSC at the moment the counter leaves its present value; *count becomes the new value. */
static u64 pit_edge(u16 *count)
{
    u16 before = pit_read();
    u64 tsc;

    do {
        tsc = cycles();
        *count = pit_read();
    } while (*count == before);
    return tsc;
}

static void pause_a_little(void)
{
    for (unsigned i = 0; i < PAUSE_ROUNDS; i++)
        asm volatile("");
}

void clock_init(void)
{
    u16 start_count, count;
    u64 start, end;

    outb(PIT_GATE, (inb(PIT_GATE) & ~2) | 1);
    outb(PIT_COMMAND, 0xb4); /* channel 2, low then high byte, mode 2: counts down by one a tick */
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);

    start = pit_edge(&start_count);
    do
        pause_a_little();
    while ((u16)(start_count - pit_read()) < CALIBRATE_TICKS);
    end = pit_edge(&count);

    tsc_hz = (end - start) * PIT_HZ / (u16)(start_count - count);
    if (tsc_hz < 1000000)
        panic("clock: the time stamp counter runs at %lu Hz, which no processor does: is the PIT missing?", tsc_hz);
    clock_ns_per_cycle_q32 = (NS_PER_SEC << 32) / tsc_hz;
    clock_base = cycles();
}

u64 ns_to_cycles(u64 ns)
{
    return ns * (tsc_hz / 1000) / 1000000;
}

u64 clock_hz(void)
{
    return tsc_hz;
}
