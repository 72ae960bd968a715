/* What the kernel says of itself and of processes, for system calls and /proc. */
#pragma once

#include "proc/process.h"

#define IDENTITY_MAX 64 /* bytes of a name */

/* As uname() hands it over. node and domain can be changed, all others are constant. */
struct kernel_identity {
    char system[IDENTITY_MAX + 1], node[IDENTITY_MAX + 1], release[IDENTITY_MAX + 1], version[IDENTITY_MAX + 1], machine[IDENTITY_MAX + 1];
    char domain[IDENTITY_MAX + 1];
};

extern struct kernel_identity kernel_identity; /* [processes_lock] for node and domain */

/* As it is at one moment. */
void identity_get(struct kernel_identity *to);
/* Gives one of those two another text, of IDENTITY_MAX bytes and a 0. */
void identity_set(char *which, const char text[IDENTITY_MAX + 1]);

unsigned process_count(void);
/* The id of the process made last. */
pid_t newest_process(void);
