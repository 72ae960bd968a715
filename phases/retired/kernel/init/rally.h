/* The rally: the other CPUs come up, from phase 4 on. */
#pragma once

static inline void cpus_freeze(void)
{
}

static inline void smp_rally(void)
{
}
