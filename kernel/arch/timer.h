/* The CPU's own timer and its interrupts, as the rest of the kernel sees them (x86_64/lapic.c, x86_64/ioapic.c). */
#pragma once

#include "lib/types.h"

/* Interrupt vectors; below 32 are the processor's exceptions. */
enum vector {
    VECTOR_TIMER = 32,
    VECTOR_KEYBOARD = 33,
    VECTOR_SERIAL = 34,
    VECTOR_RESCHEDULE = 35, /* another CPU wants this one to choose anew who runs */
    VECTOR_SHOOTDOWN = 36,  /* another CPU wants this one to forget translations */
    VECTOR_LAST = 47, /* that can have a handler */
    VECTOR_SPURIOUS = 255,
};

/* Turns on this CPU's interrupt controller and calibrates its timer against the clock; some 0.5 ms. Each CPU once, interrupts off. */
void timer_init(void);
/* VECTOR_TIMER will come once, delta_ns from now (1 at least) or earlier if that is further away than the timer can count: the caller
   looks at the clock. Replaces what was set before. Interrupts off. */
void timer_set(u64 delta_ns);
/* No timer interrupt until the next timer_set(). Interrupts off. */
void timer_stop(void);
/* Tells the interrupt controller that the present interrupt was dealt with: until then it sends no other one of this priority. */
void interrupt_done(void);
/* Lets the keyboard and COM1 interrupt the boot CPU. Once, interrupts off, after their handlers are registered. */
void device_interrupts_init(void);
