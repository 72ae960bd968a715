/* What the kernel says of itself and of processes, for system calls and /proc. */
#pragma once

#include "proc/process.h"

/* As uname() hands it over. */
struct kernel_identity {
    char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

extern const struct kernel_identity kernel_identity;

unsigned process_count(void);
/* The id of the process made last. */
pid_t newest_process(void);
