/* What a process may use at most; and how many threads each user has, in all processes, who all count against one of these limits. Lock:
   processes_lock. Numbers are Linux's. */
#pragma once

#include "lib/types.h"

struct process;
struct address_space;
struct user; /* limits.c */

#define RLIM_INFINITY (~0ul)

enum limit_resource {
    RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS,
    RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMITS,
};

struct rlimit {
    u64 now;  /* what counts */
    u64 most; /* up to where the process may raise it */
};

struct limits {
    struct rlimit of[RLIMITS]; /* [p] */
    struct user *user;         /* [p] whose process it is counted as */
    u32 threads;               /* [p] as how many: the last one counts until the process is waited for */
};

#define NOFILE_MOST 65536u /* descriptors that any process may have */

/* Process 1's. Once, after frames_init(). */
void limits_init(struct process *first);
/* child, which nobody knows yet, gets its parent's limits and is counted. Returns 0, or -EAGAIN: this user has too many threads, or there
   are too many processes at all. */
int limits_inherit(struct process *child, const struct process *parent);
/* The running process p gets another thread, which is counted; or one that is not its last has left. processes_lock held. Returns 0, or
   -EAGAIN: this user has too many. */
int limits_thread_joins_locked(struct process *p);
void limits_thread_leaves_locked(struct process *p);
/* p is counted no more: the last thing that happens to it. */
void limits_leave(struct process *p);
/* p belongs to another user from now on. processes_lock held. Returns 0, or -EAGAIN: no memory. */
int limits_move_locked(struct process *p, u32 uid);
/* Sets one and lets it take effect. Thread context, no lock held. Returns 0, -EINVAL or -EPERM. */
int limit_set(pid_t pid, unsigned resource, const struct rlimit *new, struct rlimit *old);
/* How many threads all users together may have. */
unsigned limits_threads_most(void);
/* The running process's next address space obeys its limits. */
void limits_to_space(const struct process *p, struct address_space *space);
