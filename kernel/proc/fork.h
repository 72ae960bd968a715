/* A process makes another one like itself. */
#pragma once

#include "proc/process.h"

struct fork_options {
    uptr stack;      /* the child's stack pointer; 0: as the parent's */
    bool share;      /* the child uses the parent's space: a thread; or vfork(), where the parent waits until it has its own or ends */
    bool clear_handlers; /* what has a handler has the default in the child, which is no thread */
    bool set_tls;
    u64 tls;         /* with set_tls: the child's FS base */
    uptr parent_tid; /* where the child's id is written in the parent's memory; 0: nowhere */
    uptr child_tid;  /* ... in the child's */
    uptr clear_tid;  /* what set_tid_address() would have set in the child */
};

/* The running process gets a child with a copy of its address space (lab 3.5: shared until written), descriptors, signal actions and
   registers; in the child the system call that called this returns 0. Thread context, in a system call. Returns the child's id,
   -EAGAIN (too many) or -ENOMEM. */
pid_t process_fork(const struct fork_options *options);
/* A thread of `owner`, which has its address space: made, with the running thread's registers, and not running yet. NULL with *error. */
struct thread *child_thread(struct process *owner, const struct fork_options *options, int *error);
