/* What arch's own files know of the kernel's page tables. */
#pragma once

#include "lib/types.h"

/* The physical address of the kernel's first table: for who runs without a user address space. */
paddr_t kernel_root(void);
/* Enters the kernel's half into the first table of a user space. */
void kernel_half_copy(u64 *table);
