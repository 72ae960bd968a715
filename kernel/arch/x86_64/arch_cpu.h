/* What x86-64 keeps for each CPU: descriptor table, task state, and the stacks of the exceptions that cannot trust the current one. */
#pragma once

#include "lib/types.h"

struct space_users; /* arch/space.h */

#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_DS 0x23 /* with privilege level 3; SYSRET wants stack, then code, and so has the segment before them */
#define USER_CS 0x2b
#define TSS_SELECTOR 0x30

/* Interrupt stacks, by their number in the TSS and the IDT. */
enum ist { IST_NONE, IST_DOUBLE_FAULT, IST_NMI, IST_MACHINE_CHECK, IST_COUNT };

#define IST_STACK_SIZE 8192 /* a power of two, and the alignment: see ist_entry in trap.asm */

struct tss {
    u32 reserved0;
    u64 rsp[3]; /* the stack for entry from user mode: rsp[0] */
    u64 reserved1;
    u64 ist[7]; /* IST n is ist[n - 1] */
    u64 reserved2;
    u16 reserved3;
    u16 io_map; /* past the end: no port is open to user mode */
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "the processor's layout");

#define ARCH_CPU_OFFSET 16 /* of this in struct cpu; asserted in base/cpu.c */

struct arch_cpu {
    struct tss tss __attribute__((aligned(16)));
    u64 user_rsp; /* the user's stack pointer, for the first instructions after SYSCALL */
    paddr_t root; /* the user page tables in use, or 0 */
    u64 gdt[8]; /* null, kernel code and data, nothing, user data and code, TSS in two words */
    u64 number; /* bit n for CPU n */
    struct space_users *users; /* of the space whose tables are in use; NULL: the kernel's own */
    u64 generation; /* up to which this CPU has forgotten what was taken away there */
    u32 apic_id; /* its interrupt controller's number, by which others reach it */
    u8 *ist_stack[IST_COUNT]; /* lowest byte; the word 16 bytes below the end holds the struct cpu */
};
