/* The race build's switch: in it, the compiler calls us at every access to memory, and now and then, as `seed=` decides, we
   hand the CPU on just there. In the other builds nothing of this exists but the options. */
#pragma once

#include "lib/types.h"

/* From now on, one access in `period` is a race point, chosen by the seed; period 0 = none. Tests may reseed at any time. */
void race_start(u64 seed, u64 period);
