/* What prctl() sets for a process beside its name (traits.c). Lock: processes_lock. */
#pragma once

#include "lib/types.h"

struct process;

#define TIMER_SLACK_NS 50000u

struct traits {
    bool not_dumpable;      /* nobody but root and itself may look into it (shown_owner()) */
    bool no_new_privileges; /* exec() gives it no other user's or group's rights; never taken back */
    bool adopts;            /* orphans below it become its children, and not process 1's */
    int death_signal;       /* sent to it when its parent ends; 0: none */
    u64 slack_ns, slack_at_first; /* how late its timers may be: kept for who asks */
};

/* What a child has of its parent. */
struct traits traits_of_child(const struct traits *parent);
/* p acts for somebody else from now on; or it executes a program, with another one's rights or not, which it may not read (secret) or may.
   processes_lock held. */
void traits_changed_user_locked(struct process *p);
void traits_exec_locked(struct process *p, bool privileged, bool secret);
/* p ends: its children hear of it who asked, and have another parent if one above p adopts them. processes_lock held. */
void children_are_left_locked(struct process *p);
