/* User mode: what a thread keeps for it, and the ways in and out. The ways in from there are trap() and syscall() (arch/upcall.h). */
#pragma once

#include "arch/arch.h"
#include "arch/pagetable.h"
#include "arch/space.h"
#include "arch/trap_frame.h"

#define FPU_STATE_SIZE 512

/* What the processor keeps for a thread in user mode and the kernel does not use itself; written by the thread, or at a switch. */
struct user_context {
    u8 fpu[FPU_STATE_SIZE] __attribute__((aligned(16))); /* x87 and SSE registers while another one runs */
    u64 fs_base;   /* where the C library keeps what is each thread's own */
    paddr_t root;  /* its address space's page tables */
    struct space_users *users; /* of that space; NULL with root 0 */
    u64 stack_top; /* of its kernel stack, where every entry from user mode begins with a struct trap_frame */
};

/* Lets this CPU take system calls. Each CPU once, after arch_cpu_init(). */
void user_mode_init(void);
/* As a new program expects its registers. */
void user_context_reset(struct user_context *context);
/* Turns this CPU to what *context says: page tables, kernel stack, FS base, floating point registers. Interrupts off. */
void user_context_load(const struct user_context *context);
/* The running thread, whose context this is, has another FS base from now on. */
void user_fs_base_set(struct user_context *context, u64 base);
/* Keeps the floating point registers. Interrupts off. */
void user_context_save(struct user_context *context);
/* The running thread, whose context this is, has no address space any more, whenever it comes back to a CPU: before the space is given
   back. */
void user_space_leave(struct user_context *context);

/* A page fault at a frame of the kernel's: whether user_copy() caused it; and to have it return that the page was not to be had. */
bool in_user_copy(const struct trap_frame *frame);
void user_copy_fail(struct trap_frame *frame);
/* Whether a frame was left by user mode. */
static inline bool frame_from_user(const struct trap_frame *frame)
{
    return frame->cs & 3;
}

/* At a switch between two threads; NULL for one without user mode, which uses whatever page tables are in use. Interrupts off. */
static inline void user_context_switch(struct user_context *prev, const struct user_context *next)
{
    if (prev) {
        user_context_save(prev);
        space_pause(prev);
    }
    if (next)
        user_context_load(next);
}

/* The registers of the running thread in user mode: at the top of its kernel stack. */
static inline struct trap_frame *user_frame(const struct user_context *context)
{
    return (struct trap_frame *)context->stack_top - 1;
}

/* A program's first registers: it begins at entry with this stack pointer and all others 0. */
void user_frame_init(struct trap_frame *frame, uptr entry, uptr stack);
/* What a system call is about: its number as the program gave it, and its result. */
static inline u64 syscall_number(const struct trap_frame *frame)
{
    return frame->error;
}

/* The frame was changed in more than its result: it goes back the long way. */
static inline void frame_changed(struct trap_frame *frame)
{
    frame->vector = 0;
}

/* Continues in user mode as the running thread's frame says. Nothing of this thread's kernel stack but the frame is needed any more.
   Never returns. */
_Noreturn void user_return(struct trap_frame *frame);
