/* What the monitor's files share. */
#pragma once

#include "lib/types.h"

/* Runs the demo of that name in the running thread. Returns false if there is none. */
bool demo_run(const char *name);
/* Prints the demos, a line each. */
void demo_list(void);
