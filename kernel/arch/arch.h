/* The architecture's interface: everything that the rest of the kernel knows of the machine. Register names, page-table bits and inline
   assembly stay behind it, in arch/x86_64/. What arch itself needs from above is in arch/upcall.h. */
#pragma once

#include "lib/types.h"

#include "arch/x86_64/inline.h" /* irq_save(), this_cpu(), cycles(), ...: one to three instructions each */

struct cpu;        /* base/cpu.h */
struct trap_frame; /* arch/trap_frame.h */

/* --- start ------------------------------------------------------------------------------------------------------------------- */

#define BOOT_RANGES_MAX 32
#define BOOT_MODULES_MAX 8

struct boot_range {
    paddr_t start; /* bytes; neither end need be page-aligned */
    paddr_t end;
};

struct boot_module {
    paddr_t start;
    paddr_t end;
    const char *name; /* the module's command line */
};

/* What the boot loader said, copied out of its memory before anything is allocated. */
struct boot_info {
    char cmdline[1024]; /* the options alone: what follows a literal "--" */
    unsigned nranges;
    struct boot_range range[BOOT_RANGES_MAX]; /* usable RAM, ascending, disjoint; includes kernel and modules */
    unsigned nmodules;
    struct boot_module module[BOOT_MODULES_MAX];
    struct boot_range kernel; /* the loaded kernel with its .bss */
};

struct arch_cpu; /* arch/x86_64/arch_cpu.h: arch's part of struct cpu */

/* GDT, TSS, IDT, GS base for this CPU. After it, this_cpu() answers cpu, and faults are reported. Called once by each CPU, interrupts
   off. arch is the part of *cpu that is arch's. */
void arch_cpu_init(struct cpu *cpu, struct arch_cpu *arch);
/* For a panic: whether this_cpu() answers something else than this CPU's structure; the base that it went by is then in *gs, and it is set
   right. The CPU's own descriptor table, which no instruction of the kernel's changes, says which one it is. Any context. */
bool arch_cpu_lost(u64 *gs);
/* Calibrates the clock against the PIT; some 3 ms of virtual time. Boot CPU, interrupts off. */
void clock_init(void);
/* How many cycles() ns nanoseconds take; ns below 2^40, some 18 minutes. */
u64 ns_to_cycles(u64 ns);
/* The TSC's frequency as calibrated, in Hz. */
u64 clock_hz(void);

/* --- stopping ---------------------------------------------------------------------------------------------------------------- */

/* Ends the machine (ACPI soft-off); where that does not work, halts for ever. */
_Noreturn void machine_poweroff(void);
/* Halts this CPU for ever, interrupts off. */
_Noreturn void machine_halt(void);
/* Waits for an interrupt, and returns when one was dealt with. Entered with interrupts off, so that none can come between the
   caller's decision to wait and the waiting; returns with interrupts on. */
void cpu_wait(void);
/* A hint for whoever started QEMU (isa-debug-exit), whose exit code becomes 2 * hint + 1; does nothing elsewhere. Never evidence. */
enum exit_hint { EXIT_HINT_PANIC = 0x21, EXIT_HINT_FAILED /* process 1, which was the last to say so */ };

void machine_exit_hint(enum exit_hint hint);
/* Arms the machine's watchdog, if it has one: after ms milliseconds of virtual time QEMU ends the run as it was told to; once armed, nobody
   turns it off. A graded run's limit. Boot CPU, once, after mmu_init(). */
void machine_watchdog(unsigned ms);

/* --- memory ------------------------------------------------------------------------------------------------------------------ */

#define KERNEL_BASE 0xffffffff80000000ul /* the kernel's image: virtual = physical + KERNEL_BASE */
#define DIRECT_BASE 0xffff800000000000ul /* all of RAM: virtual = physical + DIRECT_BASE */
#define KSTACK_BASE 0xffffc00000000000ul /* kernel stacks, each below a page that is never mapped */
#define KSTACK_END (KSTACK_BASE + GIB(1024)) /* two entries of the first table: every address space has them (mmu.c) */
#define BOOT_MAPPED GIB(1) /* what the direct map covers until mmu_init() */

static inline void *phys_to_virt(paddr_t pa)
{
    return (void *)(pa + DIRECT_BASE);
}

/* The physical address behind a pointer into the direct map or the kernel's image. */
static inline paddr_t virt_to_phys(const void *p)
{
    u64 va = (u64)p;
    return va >= KERNEL_BASE ? va - KERNEL_BASE : va - DIRECT_BASE;
}

/* Builds the kernel's final tables (W^X image, all of RAM direct-mapped no-execute, nothing at low addresses) and turns to them.
   Boot CPU, after frames_init(). Panics when no frame is left. */
void mmu_init(const struct boot_info *boot);
/* Maps one page of kernel memory, read-write, no-execute. The caller holds the lock that guards the area. Returns 0 or -ENOMEM (no frame
   for a table); panics if something is mapped there already. */
int kernel_map(u64 va, paddr_t pa);
/* Undoes kernel_map() and drops the page from this CPU's TLB. Returns the physical address that was mapped. */
paddr_t kernel_unmap(u64 va);
/* A device's registers, one page at physical address pa, uncached. Boot CPU, after mmu_init(); never undone. */
void *device_map(paddr_t pa);
/* The physical address that a kernel virtual address is mapped to, or ~0ul. For dumps and checks; no lock, any context. */
paddr_t kernel_lookup(u64 va);

/* --- threads ----------------------------------------------------------------------------------------------------------------- */

/* Leaves the running thread and continues another one; lab 1.1, described in arch/x86_64/switch.asm. */
void switch_context(u64 **save_rsp, u64 *next_rsp);
/* Lays out a new thread's first stack so that the first switch to it arrives in thread_start; lab 1.2, arch/x86_64/first_stack.c.
   stack_top is the first byte past the stack, 16-byte aligned. Returns the saved stack pointer. */
u64 *first_stack(void *stack_top, int (*entry)(void *), void *arg);
/* The instruction that a switched-out thread continues at, from its saved stack pointer; and its frame pointer. For dumps. */
u64 switched_rip(const u64 *rsp);
u64 switched_rbp(const u64 *rsp);

/* --- looking ----------------------------------------------------------------------------------------------------------------- */

/* Return addresses from frame pointer rbp upwards, at most max of them, reading only inside [lo, hi); behind an interrupt's entry, one more
   than the address that was interrupted. Returns how many. */
unsigned backtrace_from(u64 rbp, u64 lo, u64 hi, u64 *rip, unsigned max);
/* Words of the stack [lo, hi) that look like return addresses, at most max of them: for code without frame pointers. Some may
   be left over from calls that are long done. */
unsigned backtrace_scan(u64 lo, u64 hi, u64 *rip, unsigned max);
/* Where the near relative call leads behind which rip lies; 0 if none is there. rip lies in the kernel's text. */
u64 called_from(u64 rip);
/* True if va lies in the kernel's text. */
bool in_kernel_text(u64 va);

/* --- console devices: polled, used under the console's lock or in a panic ----------------------------------------------------- */

void serial_init(void);
void serial_putc(char c);
/* A byte from COM1, or -1 if none waits. */
int serial_getc(void);
void vga_init(void);
void vga_putc(char c);
void keyboard_init(void);
/* A character from the PS/2 keyboard, or -1. */
int keyboard_getc(void);
/* Halts until one of the two may have something, or has had since the last call. Interrupts are off at entry and at return, on in between.
   For phase 1, which has no other interrupts. */
void console_sleep(void);
