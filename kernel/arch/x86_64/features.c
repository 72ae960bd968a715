/* What the processor offers to protect the kernel, turned on where it is there. Each CPU once, interrupts off. */
#include "arch/x86_64/features.h"
#include "lib/types.h"

#define CR4_PGE (1ul << 7)   /* global pages: the kernel's translations survive a change of address space */
#define CR4_SMEP (1ul << 20) /* the kernel executes nothing of user memory */
#define CR4_SMAP (1ul << 21) /* and touches none but where it says so */
#define CPUID_1_EDX_PGE (1u << 13)
#define CPUID_7_EBX_SMEP (1u << 7)
#define CPUID_7_EBX_SMAP (1u << 20)

struct cpuid {
    u32 eax, ebx, ecx, edx;
};

static struct cpuid cpuid(u32 leaf)
{
    struct cpuid r;

    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
    return r;
}

bool smap_on;

void features_init(void)
{
    u64 cr4;

    asm volatile("movq %%cr4, %0" : "=r"(cr4));
    if (cpuid(1).edx & CPUID_1_EDX_PGE)
        cr4 |= CR4_PGE;
    if (cpuid(0).eax >= 7) {
        u32 ebx = cpuid(7).ebx;

        smap_on = ebx & CPUID_7_EBX_SMAP;
        cr4 |= (ebx & CPUID_7_EBX_SMEP ? CR4_SMEP : 0) | (ebx & CPUID_7_EBX_SMAP ? CR4_SMAP : 0);
    }
    asm volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
}
