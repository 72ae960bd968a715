/* Process groups, which get signals and the terminal together, and sessions, which are made of groups. Lock: processes_lock. */
#pragma once

#include "proc/process.h"

/* The next process of a group, in order of creation; after NULL the first; NULL: no more. Zombies are members until their parent has
   asked for them. processes_lock held. */
struct process *group_next_locked(const struct process *after, pid_t pgid);
/* Whether a session has such a group. */
bool group_in_session_locked(pid_t pgid, pid_t sid);

/* setpgid() and setsid() for the running process, with Linux's rules and errors. */
int process_set_group(pid_t pid, pid_t pgid);
pid_t process_new_session(void);
