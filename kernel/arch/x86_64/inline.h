/* The one-instruction part of the architecture's interface; included by arch/arch.h and by nobody else. */
#pragma once

#include "lib/types.h"

#define RFLAGS_IF (1ul << 9)

struct cpu;

/* The running CPU's structure. Its first word is its own address, found through GS. With preemption on, the answer may be stale
   at once. */
static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    asm volatile("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* Interrupts off. Returns the state before, for irq_restore(): nests. */
static inline u64 irq_save(void)
{
    u64 flags;
    asm volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void irq_restore(u64 flags)
{
    if (flags & RFLAGS_IF)
        asm volatile("sti" : : : "memory");
}

static inline void irq_enable(void)
{
    asm volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
    asm volatile("cli" : : : "memory");
}

static inline bool irq_enabled(void)
{
    u64 flags;
    asm volatile("pushfq\n\tpopq %0" : "=r"(flags));
    return flags & RFLAGS_IF;
}

/* In every loop that waits for another CPU or a device: hands the virtual CPU on. */
static inline void cpu_relax(void)
{
    asm volatile("pause" : : : "memory");
}

/* Raw time stamp counter. */
static inline u64 cycles(void)
{
    u32 lo, hi;
    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (u64)hi << 32 | lo;
}

static inline u64 frame_pointer(void)
{
    u64 rbp;
    asm volatile("movq %%rbp, %0" : "=r"(rbp));
    return rbp;
}

static inline u64 stack_pointer(void)
{
    u64 rsp;
    asm volatile("movq %%rsp, %0" : "=r"(rsp));
    return rsp;
}
