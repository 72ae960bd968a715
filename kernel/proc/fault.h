/* What programs do wrong, and what is left to do before one of them goes on. */
#pragma once

#include "arch/trap_frame.h"

/* An exception in a program, or in the kernel while it copies to or from one: the page is made, or the program is told. Interrupts
   off at entry and return, on in between. False: it is the kernel's own. */
bool process_fault(struct trap_frame *frame);
/* The last thing before user mode: gives the CPU to whoever is more urgent, ends who was killed. Interrupts off at entry and return. */
void before_user_mode(struct trap_frame *frame);
