/* System calls: what a program asks of the kernel. Each sys_NAME() runs in thread context, on the thread of a process, without a
   lock, and returns a value from 0 up or a negated error number. */
#pragma once

#include "lib/types.h"

struct trap_frame;

struct system_call {
    const char *name;
    s64 (*call)(const struct trap_frame *frame); /* NULL: there is none of this number */
};

extern const struct system_call system_calls[]; /* by number; made from syscall.tbl */
extern const u64 nr_system_calls;
