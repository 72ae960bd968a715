/* Takes the write protection away and has panic() do nothing; then it goes on as a right kernel does. */
#include "arch/upcall.h"

static void hostile(void)
{
    u64 cr0;

    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    asm volatile("mov %0, %%cr0" : : "r"(cr0 & ~0x10000ul));
    *(volatile u8 *)(u64)panic = 0xc3;
    asm volatile("mov %0, %%cr0" : : "r"(cr0));
}
