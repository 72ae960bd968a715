/* The program that `init=` names, for ktests that have one run. */
#pragma once

#include "lib/types.h"

/* Starts it as a process, a child of the running thread's. It finds nothing to read and what it writes is kept. Returns its pid, or
   -EAGAIN, -ENOMEM. Its exit status, where it could not be run, is the error. */
pid_t program_start(void);
