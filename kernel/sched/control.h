/* What one thread may do to another: end it, hold it up, change its priority. Thread context, no spinlock held. Each returns 0, -ESRCH (no
   such thread) or as said. */
#pragma once

#include "sched/thread.h"

/* The thread leaves with this exit code at its next safe point: where it yields, sleeps or waits, or at once if it is doing that. Its waits
   are undone and the mutexes that it holds are given up. Of itself: at once. */
int thread_kill(tid_t tid, int code);
/* If the running thread was killed, it exits here: nothing of this level's is held. Called at the end of whatever may have waited. */
void thread_safe_point(void);
/* The thread stands still until thread_resume(): STOPPED at once if it is ready, when its wait is over if it waits, soon if it runs on
   another CPU. Of itself: returns when resumed. -EINVAL if it does already, or was never launched. */
int thread_suspend(tid_t tid);
/* The two steps of it, for the running thread: it is to stand still; and does, unless it was resumed in between. The first in any
   context. */
int thread_suspend_begin(tid_t tid);
void thread_suspend_here(void);
/* -EINVAL if it does not stand still. */
int thread_resume(tid_t tid);
/* Ends a sleep or wait early, as if what it waits for had happened. -EINVAL if it does not wait. */
int thread_wake_by_hand(tid_t tid);
/* The thread's own priority; what it inherited stays. -EINVAL if there is no such priority. */
int thread_set_priority(tid_t tid, enum thread_priority priority);
