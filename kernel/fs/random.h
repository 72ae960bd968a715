/* Numbers that look random. The machine has no source of chance, and a run has to repeat: they come from the boot option seed=, and are no
   secret. */
#pragma once

#include "lib/types.h"

/* n bytes. Any context. */
void random_bytes(void *buf, size_t n);
