/* The one-instruction part of the architecture's interface, for a host process: the kernel's own, but for what the code under test
   calls. There is one CPU, and whether interrupts are on is only remembered. The kernel's other functions are compiled, but never
   used. */
#pragma once

#define this_cpu_word arch_this_cpu_word
#define this_cpu_set_word arch_this_cpu_set_word
#define this_cpu arch_this_cpu
#define irq_enable arch_irq_enable
#define irq_disable arch_irq_disable
#define cycles arch_cycles
#define clock_ns arch_clock_ns
#define irq_save arch_irq_save
#define irq_restore arch_irq_restore
#define irq_enabled arch_irq_enabled
#define stack_pointer arch_stack_pointer
#include_next "arch/x86_64/inline.h"
#undef this_cpu_word
#undef this_cpu_set_word
#undef this_cpu
#undef irq_enable
#undef irq_disable
#undef cycles
#undef clock_ns
#undef irq_save
#undef irq_restore
#undef irq_enabled
#undef stack_pointer

extern u64 host_flags;
extern u64 host_cycles; /* the clock: a test moves it */
extern u64 host_step;   /* how far it moves by itself when somebody looks */
struct cpu *this_cpu(void);

static inline u64 this_cpu_word(size_t offset)
{
    return *(u64 *)((char *)this_cpu() + offset);
}

static inline void this_cpu_set_word(size_t offset, u64 word)
{
    *(u64 *)((char *)this_cpu() + offset) = word;
}

static inline u64 cycles(void)
{
    return host_cycles += host_step;
}

static inline u64 clock_ns(void)
{
    return cycles_to_ns(cycles() - clock_base);
}

static inline void irq_enable(void)
{
    host_flags |= RFLAGS_IF;
}

static inline void irq_disable(void)
{
    host_flags = 0;
}

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
