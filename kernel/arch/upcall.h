/* Upward calls: the only functions of higher layers that arch calls. Each says who implements it. */
#pragma once

#include "lib/types.h"

struct boot_info;
struct trap_frame;

/* The kernel's first C function that is not arch's: init/main.c. Boot CPU, interrupts off, on the boot stack. */
_Noreturn void kmain(const struct boot_info *boot);
/* Every exception and interrupt that arch does not finish itself: base/trap.c. Interrupts off, on the interrupted thread's
   stack, or for #DF, NMI and #MC on a stack of its own. */
void trap(struct trap_frame *frame);
/* Reports a broken rule and stops the machine: base/panic.c. Any context, any lock held. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A zeroed frame for a page table, or ~0ul if memory is out: mm/frames.c. */
paddr_t table_frame_alloc(void);
#if PHASE >= 3
/* A system call: frame->rax and the arguments are the program's; rax takes the result. Entered with interrupts on, on the thread's kernel
   stack; comes back with interrupts off and nothing left to do before user mode: syscall/dispatch.c. */
void syscall(struct trap_frame *frame);
/* A zeroed frame for a page table of the user address space whose first table is root (~0ul: for that one itself), or ~0ul if memory is
   out; and all frames that a space got: mm/aspace.c. */
paddr_t user_table_alloc(paddr_t root);
void user_tables_free(paddr_t root);
#endif
/* Gives up the CPU now if that is due and may be: sched/preempt.c. Called where something that forbade it has ended. */
void preempt_point(void);
/* Takes the CPU from the running thread as if its time were over: sched/preempt.c, for the race build. Interrupts off, preemption not
   disabled. */
void preempt_by_force(void);
/* Where every thread ends that returns from its entry function; also called by whoever wants to leave: sched/thread.c. */
_Noreturn void thread_exit(int code);
/* The first C of a new thread: undoes what schedule() left held, then returns with interrupts on: sched/core.c. */
void thread_begin(void);
