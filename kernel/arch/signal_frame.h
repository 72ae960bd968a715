/* What a program finds on its stack in a signal handler: Linux's layout on x86-64 (System V ABI, struct ucontext). */
#pragma once

#include "arch/user.h"

/* The registers, in the order of the ABI. */
struct signal_registers {
    u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    u16 cs, gs, fs, ss;
    u64 error, vector, old_mask, fault_address;
    uptr fpu; /* where the floating point registers are */
    u64 reserved[8];
};

_Static_assert(sizeof(struct signal_registers) == 256, "the layout of the ABI");

/* The registers of a frame; and back. What a program may not decide stays what it has to be: segments, privileged flags. */
void signal_registers_get(struct signal_registers *to, const struct trap_frame *frame);
void signal_registers_set(struct trap_frame *frame, const struct signal_registers *from);
/* Lets the frame begin a handler: handler(signal, info, context) with the stack at `stack`, where its return address is. */
void signal_call(struct trap_frame *frame, uptr handler, uptr stack, int signal, uptr info, uptr context);
/* The system call that the frame is of begins again. */
void syscall_again(struct trap_frame *frame);
/* Sets the running thread's floating point registers, as far as the processor allows them. */
void user_fpu_set(struct user_context *context, const u8 *state);
