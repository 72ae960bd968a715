/* What an interrupt or exception leaves on the stack (x86_64/trap.asm pushes it), and what the processor tells about a page fault. Names of
   registers, and therefore only for who prints or changes them: traps, signals, debuggers. */
#pragma once

#include "lib/types.h"

#define TRAP_DIVISION 0
#define TRAP_DEBUG 1
#define TRAP_NMI 2
#define TRAP_BREAKPOINT 3
#define TRAP_INVALID_INSTRUCTION 6
#define TRAP_DOUBLE_FAULT 8
#define TRAP_STACK 12
#define TRAP_GENERAL_PROTECTION 13
#define TRAP_PAGE_FAULT 14
#define TRAP_FPU 16
#define TRAP_ALIGNMENT 17
#define TRAP_MACHINE_CHECK 18
#define TRAP_SIMD 19
#define TRAP_SYSCALL 256 /* no vector: the frame of a system call, which goes back the short way */
#define TRAP_EXCEPTIONS 32 /* vectors below are the processor's own */

#define PAGE_FAULT_PRESENT (1ul << 0) /* the page is mapped: it forbids the access */
#define PAGE_FAULT_WRITE (1ul << 1)
#define PAGE_FAULT_USER (1ul << 2)
#define PAGE_FAULT_FETCH (1ul << 4)

struct trap_frame {
    u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    u64 vector;
    u64 error;                    /* the processor's error code, or 0 */
    u64 rip, cs, rflags, rsp, ss; /* what the processor pushed */
};

_Static_assert(sizeof(struct trap_frame) == 22 * 8, "trap.asm pushes fifteen registers");

/* The address of this CPU's last page fault. */
u64 fault_address(void);
