/* Threads of a process beside its first one. */
#pragma once

#include "proc/fork.h"

void clone_init(void); /* once, at start */
/* The running process gets another thread, with the registers of this one; in it the system call that called this returns 0. options->share
   is set. Thread context, in a system call. Returns its id, -EAGAIN (too many), -ENOMEM, or -ERESTART: the process ends. */
pid_t process_clone(const struct fork_options *options);
/* The running thread leaves, or its program does: who waits for that in user mode (set_tid_address(), robust mutexes) is told. Thread
   context, no lock held. */
void thread_tells_end(struct thread *me);
