/* How urgent processes are: nice values as programs have them, in five classes, each with a priority for the process's threads. Lock:
   processes_lock. */
#pragma once

#include "base/thread.h"

struct process;

/* ProcessPriority: smaller is better. Their nice values: -15, -5, 0, 10, 19. */
enum process_priority { PROCESS_PRIORITY_SYSTEM, PROCESS_PRIORITY_HIGH, PROCESS_PRIORITY_NORMAL, PROCESS_PRIORITY_LOW,
                        PROCESS_PRIORITY_IDLE };

#define NICE_MIN (-20)
#define NICE_MAX 19

enum priority_which { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

/* The class of a nice value: the one whose value is nearest, of two the more urgent one. */
enum process_priority priority_class(int nice);
/* The priority of such a process's threads. */
enum thread_priority priority_of_threads(enum process_priority class);

/* Whether the caller may say how p's threads are scheduled: it acts for p's user and has all capabilities that p may have, or it has
   CAP_SYS_NICE. processes_lock held. */
bool process_is_mine_to_schedule(const struct process *p);

/* Whether the caller may give p, or a thread of its, this nice value, which is better than its own. RLIMIT_NICE counts from 1, nice 19, to
   40, nice -20. */
bool nice_allowed(const struct process *p, int nice);
/* getpriority(): the most urgent of the processes meant, as 20 - nice; -EINVAL, -ESRCH. */
int priority_get(int which, int who);
/* setpriority(): 0; -EINVAL, -ESRCH; -EPERM, somebody else's process or one with more capabilities; -EACCES, more urgent than the caller
   may make it. */
int priority_set(int which, int who, int nice);
