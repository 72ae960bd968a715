/* Who a process acts for, and what it may do beyond that. A process's credentials are changed by its own thread alone, under
   processes_lock: so that reads them without it, and everybody else with it. Numbers and rules are Linux's. */
#pragma once

#include "lib/types.h"

struct process;

/* Capabilities: what root may do, in pieces. The bit of each in a set. */
enum capability {
    CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP,
    CAP_IPC_LOCK = 14, CAP_SYS_ADMIN = 21, CAP_SYS_BOOT, CAP_SYS_NICE, CAP_SYS_RESOURCE, CAP_SYS_TIME, CAP_SYS_TTY_CONFIG, CAP_SYSLOG = 34,
    CAP_LAST = 40,
};

#define CAPABILITIES_ALL ((2ul << CAP_LAST) - 1)

struct user_ids {
    u32 real;
    u32 effective; /* who it acts as */
    u32 saved;     /* who it may act as again */
};

/* But for the groups that it has beside: only files ask for those, and they are kept in its fs_context. */
struct credentials {
    struct user_ids uid, gid;
    u64 effective, permitted, inheritable; /* sets of capabilities: counts now; may count; survives exec() */
};

/* Those of a process that the kernel itself starts: root's. */
void credentials_init(struct credentials *cred);
/* The running process has these from now on: with what Linux does to its capabilities when user ids change from or to root. Returns 0, or
   -EAGAIN: no memory to count the new user's processes. */
int credentials_change(const struct credentials *cred);
/* What the running process will have with the program of a file with this mode, owner and group. */
struct credentials credentials_of_program(u32 mode, u32 uid, u32 gid);
/* The running process begins that program. secret: which it may not read. */
void credentials_exec(const struct credentials *cred, bool secret);
/* Whether a program may do what whoever started it may not: so it trusts nothing that it was handed. */
bool credentials_privileged(const struct credentials *cred);

/* Whether the running process has a capability. */
bool capable(enum capability capability);
/* Whether the running process may send this signal to p. processes_lock held. */
bool may_signal_locked(const struct process *p, int signal);
