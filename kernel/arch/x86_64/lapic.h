/* The local APIC's registers: Intel SDM volume 3, chapter 11. Each CPU sees its own at the same address. */
#pragma once

#include "lib/types.h"

#define LAPIC_ID 0x020
#define LAPIC_EOI 0x0b0
#define LAPIC_SPURIOUS 0x0f0
#define LAPIC_COMMAND 0x300      /* written last: this sends */
#define LAPIC_COMMAND_HIGH 0x310 /* to whom */
#define LAPIC_TIMER 0x320
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0

extern volatile u32 *lapic; /* NULL until timer_init() */

static inline void lapic_write(u32 reg, u32 value)
{
    lapic[reg / 4] = value;
}

static inline u32 lapic_read(u32 reg)
{
    return lapic[reg / 4];
}
