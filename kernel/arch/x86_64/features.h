/* Protections of the processor (features.c). */
#pragma once

#include "lib/types.h"

extern bool smap_on; /* user memory is closed to the kernel but between stac and clac */

/* Turns on global pages, SMEP and SMAP on this CPU, each if the processor has it. */
void features_init(void);
