/* The one-instruction part of the architecture's interface; included by arch/arch.h and by nobody else. */
#pragma once

#include "lib/types.h"

#define RFLAGS_IF (1ul << 9)

struct cpu;

/* One word of the running CPU's structure, by its offset, in one instruction. With preemption on, the answer may be stale at once. */
static inline __attribute__((always_inline)) u64 this_cpu_word(size_t offset)
{
    u64 word;
    asm volatile("movq %%gs:%c1, %0" : "=r"(word) : "i"(offset));
    return word;
}

/* Writes such a word. Preemption or interrupts are off: the word is this CPU's for sure. */
static inline __attribute__((always_inline)) void this_cpu_set_word(size_t offset, u64 word)
{
    asm volatile("movq %0, %%gs:%c1" : : "r"(word), "i"(offset) : "memory");
}

/* The running CPU's structure. Its first word is its own address. */
static inline struct cpu *this_cpu(void)
{
    return (struct cpu *)this_cpu_word(0);
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

/* Raw time stamp counter. rdtsc clears the upper half of both registers. */
static inline u64 cycles(void)
{
    u64 lo, hi;
    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return hi << 32 | lo;
}

/* a * b / c, with a product of 128 bits. The quotient fits into 64. */
static inline u64 mul_div(u64 a, u64 b, u64 c)
{
    u64 high, low;

    asm("mul %3" : "=a"(low), "=d"(high) : "a"(a), "r"(b) : "cc");
    asm("div %4" : "=a"(low), "=d"(high) : "a"(low), "d"(high), "r"(c) : "cc");
    return low;
}

/* Set once by clock_init(). */
extern u64 clock_base;             /* cycles() when the clock started */
extern u64 clock_ns_per_cycle_q32; /* ns a cycle, in units of 2^-32 */

/* clock_ns(): nanoseconds since clock_init(), monotonic; any context. ns = cycles * (10^9 / hz): the product of a 64-bit and a 32.32 number
   needs 128 bits, or it would wrap after 4 s at 1 GHz. */
static inline u64 cycles_to_ns(u64 cycles)
{
    return (u64)((unsigned __int128)cycles * clock_ns_per_cycle_q32 >> 32);
}

static inline u64 clock_ns(void)
{
    return cycles_to_ns(cycles() - clock_base);
}

/* A page of zeroes; and a page like another one. Eight bytes at a time, by the one instruction that is made for it. */
static inline void page_zero(void *page)
{
    u64 words = 512;
    asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0ul) : "memory");
}

static inline void page_duplicate(void *to, const void *from)
{
    u64 words = 512;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
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
