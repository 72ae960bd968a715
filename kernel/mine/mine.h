/* Yours: fields that your solution adds to the kernel's structures. They are embedded there, zeroed when the structure is made, and
   survive every later phase. The grader takes structures, enumerations and constants called MINE_... here, no more, since everything
   includes this file. Files *.c beside it are built in. Left empty, the structures cost nothing. */
#pragma once

#include "lib/types.h"

struct thread_mine {
};

struct process_mine {
};

struct cpu_mine {
};
