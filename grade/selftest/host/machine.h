/* host.c, for the tests of kernel/mm. */
#pragma once

#include "arch/arch.h"
#include "host.h"

/* Usable ranges with odd ends, holes, modules, and a part above BOOT_MAPPED. */
extern const struct boot_info host_boot;
/* Fills the arena. Called once by each case, before frames_init(). */
void host_start(void);

static inline u64 random_between(u64 least, u64 most)
{
    return least + random_below(most - least + 1);
}
