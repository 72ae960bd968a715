/* What makes other CPUs wait for a spinlock: lab 4.1 (spin.c). Tickets, as at a counter: who comes draws the next number and waits until it
   is called (Reed and Kanodia 1979, Mellor-Crummey and Scott 1991), so that nobody waits for ever while others come and go. Interrupts are
   off in all of it; callers are base/lock.h's functions alone. */
#pragma once

#include "lib/types.h"

struct spin_word {
    u32 next;    /* [a] the ticket for who comes next */
    u32 serving; /* [a] the ticket of who has the lock, or may take it */
};

/* Returns when this CPU has the lock: those who want it get it in the order in which they came. */
void spin_acquire(struct spin_word *word);
/* Takes the lock if nobody has it or waits for it. Returns whether it did; never waits. */
bool spin_try_acquire(struct spin_word *word);
/* Gives the lock to the CPU that has waited longest. What was done under the lock is seen by who takes it next. */
void spin_release(struct spin_word *word);
