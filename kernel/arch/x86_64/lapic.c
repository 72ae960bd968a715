/* The local APIC: this CPU's timer and the end of its interrupts. Registers (lapic.h) are the CPU's own, so no lock; interrupts off. */
#include "arch/arch.h"
#include "arch/timer.h"
#include "arch/upcall.h"
#include "arch/x86_64/lapic.h"

#define LAPIC_PHYSICAL 0xfee00000ul

#define SPURIOUS_ENABLE (1u << 8)
#define TIMER_MASKED (1u << 16)
#define DIVIDE_BY_1 0xbu
#define COUNT_MAX 0xffffffffu
#define CALIBRATE_NS 500000ul

volatile u32 *lapic;
static u64 counts_per_ns_q32; /* timer counts a nanosecond, in units of 2^-32; the same on all CPUs */
static u64 delta_max_ns;      /* what fits into the counter */

/* How far the counter runs while the clock advances by CALIBRATE_NS. */
static void calibrate(void)
{
    u64 start, ran;
    u32 left;

    lapic_write(LAPIC_TIMER_INITIAL, COUNT_MAX);
    start = clock_ns();
    do
        ran = clock_ns() - start;
    while (ran < CALIBRATE_NS);
    left = lapic_read(LAPIC_TIMER_CURRENT);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    if (left == COUNT_MAX || !left)
        panic("timer: the local APIC's timer does not count: is there none at %#lx?", LAPIC_PHYSICAL);
    counts_per_ns_q32 = ((u64)(COUNT_MAX - left) << 32) / ran;
    delta_max_ns = ((u64)COUNT_MAX << 32) / counts_per_ns_q32 - 1;
}

void timer_init(void)
{
    if (!lapic)
        lapic = device_map(LAPIC_PHYSICAL);
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER, TIMER_MASKED | VECTOR_TIMER);
    if (!counts_per_ns_q32)
        calibrate();
    lapic_write(LAPIC_TIMER, VECTOR_TIMER); /* one shot */
}

void timer_set(u64 delta_ns)
{
    u64 delta = min(delta_ns, delta_max_ns);
    u32 count = (u32)(delta * (counts_per_ns_q32 >> 16) >> 16); /* < 2^32: delta is at most delta_max_ns */

    lapic_write(LAPIC_TIMER_INITIAL, count ? count : 1);
}

void timer_stop(void)
{
    lapic_write(LAPIC_TIMER_INITIAL, 0);
}

void interrupt_done(void)
{
    lapic_write(LAPIC_EOI, 0);
}
