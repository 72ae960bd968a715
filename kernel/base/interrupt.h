/* Interrupts of devices: who handles which vector. */
#pragma once

#include "arch/timer.h"

/* handler is called for each interrupt of this vector: interrupts off, on the interrupted thread's stack, no lock held; it must not
   block. At start, before interrupts are on. */
void interrupt_register(enum vector vector, void (*handler)(void));
/* Deals with an interrupt. Returns false if nobody handles this vector. Interrupts off. */
bool interrupt(u64 vector);
/* Interrupts of this vector on this CPU since boot. */
u64 interrupt_count(enum vector vector);
