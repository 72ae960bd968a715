/* Whom the system calls on scheduling mean. */
#pragma once

#include "proc/table.h"

/* The thread that a program calls tid, 0: the caller; with its process. NULL: there is none. processes_lock held. */
struct thread *sched_target_locked(int tid, struct process **owner);
