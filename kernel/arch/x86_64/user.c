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
#define CR4_PGE (1ul << 7)
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

#if PHASE >= 4
/* Enters this CPU as one that runs a thread of the space. What was taken away from the tables since it knew them last it forgets by loading
   them anew: arch->root is made to differ. */
static void enter_space(struct arch_cpu *arch, const struct user_context *context)
{
    struct space_users *users = context->users;
    u64 generation;

    __atomic_fetch_or(&users->active, arch->number, __ATOMIC_SEQ_CST);
    generation = __atomic_load_n(&users->generation, __ATOMIC_SEQ_CST);
    if (arch->users != users) {
        if (arch->users)
            __atomic_fetch_and(&arch->users->loaded, ~arch->number, __ATOMIC_RELEASE);
        __atomic_fetch_or(&users->loaded, arch->number, __ATOMIC_SEQ_CST);
        arch->users = users;
        arch->root = ~0ul;
    } else if (arch->generation != generation) {
        arch->root = ~0ul;
    }
    arch->generation = generation;
}

void user_space_pause(const struct user_context *context)
{
    if (context->users)
        __atomic_fetch_and(&context->users->active, ~this_arch()->number, __ATOMIC_RELEASE);
}

void user_space_become(struct user_context *context, struct space_users *users)
{
    u64 flags = irq_save();

    user_space_pause(context);
    context->users = users;
    irq_restore(flags);
}

/* Entries of global pages go when global pages are turned off. */
void tlb_forget_kernel(void)
{
    u64 flags = irq_save(), cr4;

    asm volatile("movq %%cr4, %0" : "=r"(cr4));
    asm volatile("movq %0, %%cr4" : : "r"(cr4 ^ CR4_PGE) : "memory");
    asm volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
    write_cr3(read_cr3());
    irq_restore(flags);
}

bool tlb_is_of(const struct space_users *users)
{
    return this_arch()->users == users;
}

/* It may have missed some before, while it ran no thread of the space: then it has forgotten less, and goes on to say so. */
void tlb_is_at(const struct space_users *users, u64 generation)
{
    struct arch_cpu *arch = this_arch();

    if (users->active & arch->number)
        arch->generation = generation;
}

void space_unload(const struct space_users *users)
{
    struct arch_cpu *arch = this_arch();

    if (arch->users != users)
        return;
    __atomic_fetch_and(&arch->users->loaded, ~arch->number, __ATOMIC_RELEASE);
    arch->users = NULL;
    pagetable_use(0);
}

#endif
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
#if PHASE >= 4
    enter_space(this_arch(), context);
#endif
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
#if PHASE >= 4
    user_space_become(context, NULL);
    space_unload(this_arch()->users);
#endif
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
