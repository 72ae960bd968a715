/* What a process's nice value is to its threads: nothing more than their priority says. */
#pragma once

#include "sched/control.h"

static inline void nice_of_thread(tid_t tid, int nice)
{
    (void)tid, (void)nice;
}

static inline int nice_of_child(const struct thread *maker, int nice)
{
    (void)maker;
    return nice;
}
