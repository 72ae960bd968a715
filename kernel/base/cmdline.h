/* Boot options, `name=value` words behind "--". Each is declared in one table with its choices; an unknown name or value is
   named together with the choices, and the machine stops: a misspelt option must not silently test something else. */
#pragma once

#include "lib/types.h"

/* Reads the command line into the table. Boot CPU, once, after console_init(). Panics (without a backtrace) on bad input. */
void cmdline_init(const char *line);
/* An option's text, or its default. The name must be in the table: panics otherwise. */
const char *option_text(const char *name);
/* A numeric option. */
u64 option_u64(const char *name);
/* For an option with choices: the index of the chosen one. */
unsigned option_choice(const char *name);
/* True if the option was given on the command line. */
bool option_given(const char *name);
/* Prints the table, for `help boot` and bad input. */
void options_print(void);
