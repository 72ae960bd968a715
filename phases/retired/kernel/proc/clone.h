/* Threads of a process beside its first one: there are none yet. */
#pragma once

#include "lib/errno.h"
#include "proc/fork.h"

static inline void clone_init(void)
{
}

static inline pid_t process_clone(const struct fork_options *options)
{
    (void)options;
    return -EINVAL;
}

static inline void thread_tells_end(struct thread *me)
{
    (void)me;
}
