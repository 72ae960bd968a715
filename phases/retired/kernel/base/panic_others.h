/* The other CPUs in a panic: there are none. */
#pragma once

#include "arch/trap_frame.h"

static inline void panic_claim(void)
{
}

static inline void panic_stop_others(void)
{
}

static inline void halt_others(void)
{
}

static inline void panic_stop_here(const struct trap_frame *f)
{
    (void)f;
}
