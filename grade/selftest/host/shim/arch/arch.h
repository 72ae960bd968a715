/* The architecture's interface for a host process: the kernel's own, but that physical memory is an arena (host.c), and the areas lie
   where a process may map something. */
#pragma once

#define phys_to_virt arch_phys_to_virt
#define virt_to_phys arch_virt_to_phys
#include_next "arch/arch.h"
#undef phys_to_virt
#undef virt_to_phys
#undef KSTACK_BASE
#undef KSTACK_END
#undef BOOT_MAPPED

#define ARENA_SIZE MIB(32)
#define BOOT_MAPPED MIB(24)
#define KSTACK_BASE 0x200000000000ul
#define KSTACK_END 0x300000000000ul

extern char *host_arena;

static inline void *phys_to_virt(paddr_t pa)
{
    return host_arena + pa;
}

static inline paddr_t virt_to_phys(const void *p)
{
    return (paddr_t)((u64)p - (u64)host_arena);
}
