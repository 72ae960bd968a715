/* The process table itself, for the files of proc/ alone. */
#pragma once

#include "base/lock.h"
#include "proc/process.h"

extern struct spinlock processes_lock;
extern struct list processes; /* [processes_lock] process.all_link, in order of creation */
#if PHASE >= 3
extern struct process first_process; /* process 1: the boot thread's; it adopts orphans */
extern const struct thread_owner_ops process_thread_ops;

/* A process that nobody knows yet, with its parent's credentials and limits. NULL with *error = -ENOMEM or -EAGAIN: too
   many. */
struct process *process_new(const char *name, const struct process *parent, int *error);
/* Gives back a process that nobody knows, or any more. What others still look at stays until process_put(). */
void process_free(struct process *p);
/* The process of that id with a reference, so that it can be looked at without processes_lock; or NULL. Thread context. */
struct process *process_get(pid_t pid);
void process_put(struct process *p);
/* The process takes its first thread's id and becomes visible, as a child of parent and in its group and session. */
void process_link(struct process *p, struct thread *t, struct process *parent);
/* It is in the table no more. The first is for a child that its parent, the running process, has waited for: what it used is the parent's
   now. */
void process_unlink_locked(struct process *p);
void process_forget_locked(struct process *p);
struct process *process_find_locked(pid_t pid);
/* What the parent of p wants to know of it, by a signal and by waking it: how (CLD_*), and p's exit code or signal. */
void parent_hears_locked(struct process *p, int how, int status);
/* A vfork()ed process has a space of its own now, or needs none any more: its parent goes on, or was killed and left it the space, which is
   given back then. Thread context; nobody stands in that space. */
void process_returns_space(struct process *p);
/* The running process, which has lent its space, ends by a signal, and leaves its space to the child. */
_Noreturn void process_leaves_space(struct process *me, int signal);
/* A signal that ends the running process p, whatever else waits to be heard, as soon as it may; 0: none. */
int signal_fatal_locked(const struct process *p);

/* Ends the running process: all its threads leave, the running one at once. */
_Noreturn void process_end(int status);
/* Whether it has but one thread: the running one, if it is the running process. */
bool process_has_one_thread(const struct process *p);
/* All threads of the running process but the running one have to leave, each when it would go back to user mode. */
void others_dismiss_locked(struct process *p);
bool thread_is_dismissed_locked(const struct thread *t);
/* The same, and waits until they have left. Returns 0, or -EINTR: the running one was told to leave itself. Thread context. */
int process_be_alone(struct process *p);

/* For dump_process(): whom it acts for, and its memory. No lock. */
void dump_owner_and_memory(const struct process *p);

/* Lab 3.6 (exit.c, wait.c). */

/* t, the running thread, leaves with this code; the last one of a process takes it along. Thread context, no lock held. */
void process_thread_leaves(struct thread *t, int code);
#endif
