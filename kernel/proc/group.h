/* Process groups, which get signals and the terminal together, and sessions, which are made of groups. Lock: processes_lock. */
#pragma once

#include "proc/process.h"

/* The next process of a group, in order of creation; after NULL the first; NULL: no more. Zombies are members until their parent has
   asked for them. processes_lock held. */
struct process *group_next_locked(const struct process *after, pid_t pgid);
/* Whether a session has such a group. */
bool group_in_session_locked(pid_t pgid, pid_t sid);

/* Only a session's leader has the session's number. */
bool leads_session(const struct process *p);
/* To each of a group, from the kernel. processes_lock held. */
void group_signal_locked(pid_t pgid, int signal);
/* Whether nobody looks after a group: none of it has a parent outside of it, in its session. Process 1 looks after nobody.
   processes_lock held. */
bool group_is_orphaned_locked(pid_t pgid);
/* p ends, and its children are about to be process 1's. Of the groups that it was the last to look after, or to be looked after in, those
   with somebody who is stopped hear SIGHUP and go on. processes_lock held. */
void groups_are_left_locked(struct process *p);

/* setpgid() and setsid() for the running process, with Linux's rules and errors. */
int process_set_group(pid_t pid, pid_t pgid);
pid_t process_new_session(void);
