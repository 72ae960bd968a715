/* Waits that a signal ends: what system calls wait with. A signal is for the thread as a whole, not for what it waits for: so every
   such wait looks whether one came, before it begins and when it is over. */
#pragma once

#include "sched/wait.h"

/* What a system call returns when a signal came, inside the kernel alone: on the way out it becomes EINTR, or the call starts again. */
#define ERESTART 512            /* again, unless a handler without SA_RESTART runs */
#define ERESTART_NO_HANDLER 514 /* again, unless a handler runs */

/* As wait_on() and wait_on_until(); -ERESTART if the thread has a signal to hear, and then it may have been woken as
   well. */
int wait_interruptible(struct wait_queue *wq, struct spinlock *lock);
int wait_interruptible_until(struct wait_queue *wq, struct spinlock *lock, u64 when);
/* Whether a call that has moved so many bytes stops short of the rest, since the running thread has a signal to hear. Looked at where
   `at` comes to a page's begin, so that what is small comes as a whole. */
static inline bool stops_short(size_t moved, u64 at)
{
    return moved && at % PAGE_SIZE == 0 && current()->interrupted;
}

/* t has a signal to hear: its interruptible wait ends, or its next one does not begin. Any context. */
void thread_interrupt(struct thread *t);
