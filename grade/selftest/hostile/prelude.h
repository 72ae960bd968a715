/* Put before each hostile file. */
#include "arch/arch.h"
#include "base/printk.h"
#include "lib/string.h"

static inline __attribute__((unused)) void out8(u16 port, u8 value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline __attribute__((unused)) void out32(u16 port, u32 value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline __attribute__((unused)) u32 in32(u16 port)
{
    u32 value;

    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
