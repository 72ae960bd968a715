/* The one-instruction part of the architecture's interface, for a host process: the kernel's own, but for what the code under test
   calls. There is one CPU, and whether interrupts are on is only remembered. The kernel's other functions are compiled, but never
   used. */
#pragma once

#define this_cpu arch_this_cpu
#define irq_save arch_irq_save
#define irq_restore arch_irq_restore
#define irq_enabled arch_irq_enabled
#define stack_pointer arch_stack_pointer
#include_next "arch/x86_64/inline.h"
#undef this_cpu
#undef irq_save
#undef irq_restore
#undef irq_enabled
#undef stack_pointer

extern u64 host_flags;
struct cpu *this_cpu(void);

static inline u64 irq_save(void)
{
    u64 flags = host_flags;
    host_flags = 0;
    return flags;
}

static inline void irq_restore(u64 flags)
{
    host_flags = flags;
}

static inline bool irq_enabled(void)
{
    return host_flags & RFLAGS_IF;
}

static inline u64 stack_pointer(void)
{
    return (u64)__builtin_frame_address(0);
}
