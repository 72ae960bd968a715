/* The frame that switch_context() leaves on a stack, lowest address first. switch.asm pushes it; first_stack(), backtraces and
   the debugger's os-bt rely on it. */
#pragma once

#include "lib/types.h"

struct switch_frame {
    u64 r15, r14, r13, r12, rbx, rbp;
    u64 rflags;
    u64 rip; /* where the switch's `ret` goes */
};

_Static_assert(sizeof(struct switch_frame) == 64, "switch.asm pushes seven words above the return address");

#define SWITCH_RFLAGS 0x2ul /* bit 1 is always set; interrupts off */

/* Where a new thread's life begins: thread_start.asm. Never called, only "returned" to. */
void thread_start(void);
