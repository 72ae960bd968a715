/* Which CPUs use which user page tables (arch/space.h). No lock: each CPU writes its own bits, interrupts off. */
#include "arch/space.h"
#include "arch/user.h"
#include "arch/x86_64/arch_cpu.h"
#include "arch/x86_64/io.h"

#define CR4_PGE (1ul << 7)
#define NO_ROOT (~0ul) /* differs from all: the tables are loaded anew, and everything known of them is forgotten */

static inline struct arch_cpu *this_arch(void)
{
    return (struct arch_cpu *)((char *)this_cpu() + ARCH_CPU_OFFSET);
}

void space_enter(const struct user_context *context)
{
    struct arch_cpu *arch = this_arch();
    struct space_users *users = context->users;
    u64 generation;

    if (!users)
        return; /* the thread has left its space and ends: it runs under the kernel's tables */
    __atomic_fetch_or(&users->active, arch->number, __ATOMIC_SEQ_CST);
    generation = __atomic_load_n(&users->generation, __ATOMIC_SEQ_CST);
    if (arch->users != users) {
        if (arch->users)
            __atomic_fetch_and(&arch->users->loaded, ~arch->number, __ATOMIC_RELEASE);
        __atomic_fetch_or(&users->loaded, arch->number, __ATOMIC_SEQ_CST);
        arch->users = users;
        arch->root = NO_ROOT;
    } else if (arch->generation != generation) {
        arch->root = NO_ROOT;
    }
    arch->generation = generation;
}

void space_pause(const struct user_context *context)
{
    if (context->users)
        __atomic_fetch_and(&context->users->active, ~this_arch()->number, __ATOMIC_RELEASE);
}

void space_become(struct user_context *context, struct space_users *users)
{
    u64 flags = irq_save();
    const struct space_users *mine = this_arch()->users;

    space_pause(context);
    context->users = users;
    if (!users && mine)
        space_unload(mine);
    irq_restore(flags);
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

/* Entries of global pages go when global pages are turned off, or on. */
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

/* One that runs no thread of the space may have missed some before: it has forgotten less, and will find out. */
void tlb_is_at(const struct space_users *users, u64 generation)
{
    struct arch_cpu *arch = this_arch();

    if (users->active & arch->number)
        arch->generation = generation;
}
