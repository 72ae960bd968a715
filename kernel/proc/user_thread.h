/* Threads with a user mode. */
#pragma once

#include "arch/user.h"
#include "proc/process.h"

void user_threads_init(void); /* after slab_init() */
/* What t needs for user mode, on the stack that it has. Returns 0 or -ENOMEM. */
int user_thread_prepare(struct thread *t, paddr_t root);
/* Gives it back: t never goes to user mode again. The running thread, or one that has not run yet. */
void user_thread_end(struct thread *t);
/* Goes to user mode as the frame of the running thread says. Never returns. */
_Noreturn void user_thread_enter(void);
