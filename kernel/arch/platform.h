/* Parts of the machine that only programs ask for: the clock that runs while it is off, and starting again. */
#pragma once

#include "lib/types.h"

/* Seconds since 1970 as the battery's clock has them, taken as UTC. Some hundred port accesses: for start. */
u64 rtc_seconds(void);
/* Resets the machine. Any context. */
_Noreturn void machine_restart(void);
