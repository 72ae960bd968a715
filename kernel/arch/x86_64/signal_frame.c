/* Registers of signal handlers (arch/signal_frame.h). */
#include "arch/signal_frame.h"
#include "arch/x86_64/arch_cpu.h"
#include "lib/string.h"

/* Flags that are the program's: carry, parity, adjust, zero, sign, trap, direction, overflow, alignment check. */
#define RFLAGS_USER 0x40dd5ul
#define RFLAGS_FIXED (1ul << 1)
#define RFLAGS_NOT_IN_HANDLER 0x500ul /* trap, direction */
#define SYSCALL_SIZE 2                /* bytes of the instruction */
#define FPU_MXCSR 24
#define FPU_MXCSR_MASK 28
#define FPU_MXCSR_MASK_DEFAULT 0xffbfu

void signal_registers_get(struct signal_registers *to, const struct trap_frame *f)
{
    *to = (struct signal_registers){
        .r8 = f->r8, .r9 = f->r9, .r10 = f->r10, .r11 = f->r11, .r12 = f->r12, .r13 = f->r13, .r14 = f->r14, .r15 = f->r15,
        .rdi = f->rdi, .rsi = f->rsi, .rbp = f->rbp, .rbx = f->rbx, .rdx = f->rdx, .rax = f->rax, .rcx = f->rcx, .rsp = f->rsp,
        .rip = f->rip, .rflags = f->rflags, .cs = USER_CS, .ss = USER_DS,
    };
}

void signal_registers_set(struct trap_frame *f, const struct signal_registers *from)
{
    *f = (struct trap_frame){
        .r8 = from->r8, .r9 = from->r9, .r10 = from->r10, .r11 = from->r11, .r12 = from->r12, .r13 = from->r13, .r14 = from->r14,
        .r15 = from->r15, .rdi = from->rdi, .rsi = from->rsi, .rbp = from->rbp, .rbx = from->rbx, .rdx = from->rdx, .rax = from->rax,
        .rcx = from->rcx, .rsp = from->rsp, .rip = from->rip, .cs = USER_CS, .ss = USER_DS,
        .rflags = (from->rflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF,
    };
    if (f->rip >= USER_END)
        f->rip = USER_END; /* IRET to an address that is none would fault in the kernel; at this one, nothing is ever mapped */
}

void signal_call(struct trap_frame *f, uptr handler, uptr stack, int signal, uptr info, uptr context)
{
    f->rip = handler;
    f->rsp = stack;
    f->rax = 0;
    f->rdi = (u64)signal;
    f->rsi = info;
    f->rdx = context;
    f->rflags &= ~RFLAGS_NOT_IN_HANDLER;
    frame_changed(f);
    if (f->rip >= USER_END)
        f->rip = USER_END;
}

void syscall_again(struct trap_frame *f)
{
    f->rip -= SYSCALL_SIZE;
    f->rax = syscall_number(f);
    frame_changed(f);
}

void user_fpu_set(struct user_context *context, const u8 *state)
{
    u64 flags = irq_save();
    u32 mxcsr, mask;

    user_context_save(context);
    memcpy(&mask, context->fpu + FPU_MXCSR_MASK, sizeof(mask));
    memcpy(context->fpu, state, FPU_STATE_SIZE);
    memcpy(&mxcsr, state + FPU_MXCSR, sizeof(mxcsr));
    mxcsr &= mask ? mask : FPU_MXCSR_MASK_DEFAULT; /* any other bit would be a fault of the kernel's */
    memcpy(context->fpu + FPU_MXCSR, &mxcsr, sizeof(mxcsr));
    user_context_load(context);
    irq_restore(flags);
}
