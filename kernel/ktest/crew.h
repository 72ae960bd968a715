/* For ktests of several CPUs: threads of one process, one on each CPU, which do what they are told to. They stay in the kernel, but have a
   user mode, so that the process's page tables are in use where they run. */
#pragma once

#include "mm/aspace.h"
#include "sched/thread.h"

#define CREW_CPUS 4u

/* The caller, whose process run_in_space() made, stays on CPU 0 from here on, and CPUs 1, 2 and 3 get a thread each, which waits for
   orders, awake. Returns 0, or an error, and then there are none: -EINVAL where there are fewer CPUs. */
int crew_start(const struct address_space *space);
/* They end. */
void crew_end(void);
/* The one on that CPU calls work(cpu), once; and waits until it has. */
void crew_tell(unsigned cpu, void (*work)(unsigned cpu));
void crew_wait(unsigned cpu);
/* All do it at the same time, the caller, too. */
void crew_do(void (*work)(unsigned cpu));
/* The thread on that CPU. */
tid_t crew_tid(unsigned cpu);

/* A thread of the running process, with a user mode, that may run on the CPUs of the mask; not launched yet. It ends with
   crew_thread_leaves(). Returns NULL with *error. */
struct thread *crew_thread(const struct address_space *space, int (*entry)(void *arg), u64 arg, u64 mask, int *error);
/* The running thread has no user mode any more. */
void crew_thread_leaves(void);

/* The word there, as this CPU's translations have it; ~0: it may not be read. */
u64 crew_word_at(uptr at);
