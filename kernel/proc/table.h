/* The process table itself, for the files of proc/ alone. */
#pragma once

#include "base/lock.h"
#include "proc/process.h"

extern struct spinlock processes_lock;
extern struct list processes; /* [processes_lock] process.all_link, in order of creation */
