/* A process makes another one like itself. */
#pragma once

#include "proc/process.h"

/* The running process gets a child with a copy of its address space (lab 3.5: shared until written), descriptors and registers; in the child the system
   call that called this returns 0. Thread context, in a system call. Returns the child's id, -EAGAIN (too many) or -ENOMEM. */
pid_t process_fork(void);
