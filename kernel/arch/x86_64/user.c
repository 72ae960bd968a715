/* User mode on x86-64: SYSCALL's registers, floating point state, FS base, and the address space in use. */
#include "arch/user.h"
#include "arch/pagetable.h"
#include "arch/x86_64/arch_cpu.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/mmu.h"
#include "lib/string.h"

#define EFER_SCE (1ul << 0)
#define CR0_MP (1ul << 1)
#define CR0_EM (1ul << 2)
#define CR0_NE (1ul << 5)
#define CR4_OSFXSR (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define RFLAGS_FIXED (1ul << 1)

/* Turned off at entry by SYSCALL: trap, interrupt and direction flags, I/O privilege, nested task, alignment check. */
#define SYSCALL_MASK 0x47700ul

/* Where fxsave keeps the two control words, and what a new program expects there: all exceptions masked, 64-bit precision. */
#define FPU_CONTROL 0
#define FPU_MXCSR 24
#define FPU_CONTROL_INITIAL 0x37f
#define FPU_MXCSR_INITIAL 0x1f80

extern char syscall_entry[], user_copy_failed[], user_copy_end[];

static struct arch_cpu *this_arch(void)
{
    return (struct arch_cpu *)((char *)this_cpu() + ARCH_CPU_OFFSET);
}

void user_mode_init(void)
{
    u64 cr0, cr4;

    wrmsr(MSR_STAR, (u64)(USER_DS - 8) << 48 | (u64)KERNEL_CS << 32);
    wrmsr(MSR_LSTAR, (u64)syscall_entry);
    wrmsr(MSR_SFMASK, SYSCALL_MASK);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
    asm volatile("movq %%cr0, %0" : "=r"(cr0));
    asm volatile("movq %0, %%cr0" : : "r"((cr0 & ~CR0_EM) | CR0_MP | CR0_NE));
    asm volatile("movq %%cr4, %0" : "=r"(cr4));
    asm volatile("movq %0, %%cr4" : : "r"(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT));
}

void user_context_reset(struct user_context *context)
{
    u16 control = FPU_CONTROL_INITIAL;
    u32 mxcsr = FPU_MXCSR_INITIAL;

    memset(context->fpu, 0, sizeof(context->fpu));
    memcpy(context->fpu + FPU_CONTROL, &control, sizeof(control));
    memcpy(context->fpu + FPU_MXCSR, &mxcsr, sizeof(mxcsr));
    context->fs_base = 0;
}

void pagetable_use(paddr_t root)
{
    struct arch_cpu *arch = this_arch();

    if (arch->root == root)
        return;
    arch->root = root;
    write_cr3(root ? root : kernel_root());
}

void user_context_load(const struct user_context *context)
{
    space_enter(context);
    pagetable_use(context->root);
    this_arch()->tss.rsp[0] = context->stack_top;
    wrmsr(MSR_FS_BASE, context->fs_base);
    asm volatile("fxrstorq %0" : : "m"(context->fpu));
}

void user_fs_base_set(struct user_context *context, u64 base)
{
    u64 flags = irq_save(); /* a switch in between would bring one of the two back */

    context->fs_base = base;
    wrmsr(MSR_FS_BASE, base);
    irq_restore(flags);
}

void user_context_save(struct user_context *context)
{
    asm volatile("fxsaveq %0" : "=m"(context->fpu));
}

void user_space_leave(struct user_context *context)
{
    u64 flags = irq_save();

    context->root = 0;
    space_become(context, NULL);
    pagetable_use(0);
    irq_restore(flags);
}

bool in_user_copy(const struct trap_frame *frame)
{
    return frame->rip >= (u64)user_copy && frame->rip < (u64)user_copy_end;
}

void user_copy_fail(struct trap_frame *frame)
{
    frame->rip = (u64)user_copy_failed;
}

void user_frame_init(struct trap_frame *frame, uptr entry, uptr stack)
{
    *frame = (struct trap_frame){
        .rip = entry, .rsp = stack, .cs = USER_CS, .ss = USER_DS, .rflags = RFLAGS_FIXED | RFLAGS_IF,
    };
}
