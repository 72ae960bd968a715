/* Threads: making, ending, joining them, and the table of all of them. */
#pragma once

#include "sched/sched.h"

#define BURST_MAX_NS (1000 * NS_PER_SEC) /* a longer expected burst is cut to this: it is converted to cycles in 64 bits */
#define TID_MAX 0x3fffffff /* the highest number of a thread, and so of a process */
#define THREADS_MAX 4096 /* threads at one time; one more is -EAGAIN */

struct thread_params {
    const char *name;         /* cut to THREAD_NAME_MAX - 1 characters */
    int (*entry)(void *arg);  /* its return value is the exit code */
    void *arg;
    size_t stack_size;        /* bytes, a multiple of 4096 from 4096 to 1 MiB; 0 = KSTACK_DEFAULT */
    size_t stack_reserve;     /* bytes, a multiple of 16, at the stack's top that are the creator's to use */
    enum thread_priority priority;
    bool inherit_priority;    /* take the creator's instead */
    bool detached;            /* nobody will join it */
    bool kthread;             /* stays on the CPU that makes it */
    u64 burst_ns;             /* first estimate of its CPU burst; 0 = the policy's default */
    const struct thread_owner_ops *owner_ops; /* with owner: the layer that made it, or NULL */
    void *owner;
};

#define THREAD_PARAMS(thread_name, thread_entry, thread_arg) \
    { .name = (thread_name), .entry = (thread_entry), .arg = (thread_arg), .priority = PRIORITY_NORMAL }

void threads_init(struct thread *boot);

/* Makes a thread that is not ready yet (state NEW). Thread context. Returns NULL with *error = -EINVAL (stack size, priority,
   no entry), -EAGAIN (too many threads) or -ENOMEM. */
struct thread *thread_new(const struct thread_params *params, int *error);
/* Makes a NEW thread ready. After this it may run, and end, at any time: do not use the pointer any more unless you will join it. */
void thread_launch(struct thread *t);
/* Gives back a thread that was never launched. */
void thread_discard(struct thread *t);
/* Both in one. Returns the new thread's id, or an error as above. Any thread of the creator's may join it. */
tid_t thread_create(const struct thread_params *params);

/* Ends the running thread. Never returns. Declared for arch in arch/upcall.h. */
_Noreturn void thread_exit(int code);
/* Waits until the thread has exited, takes its exit code (code may be NULL) and gives back all that it held. Thread context.
   Returns 0, -ESRCH (no such thread), -EINVAL (detached, or another thread joins it already) or -EDEADLK (itself). */
int thread_join(tid_t tid, int *code);
/* Nobody will join the thread: it is given back when it exits, or now if it has. Returns 0, -ESRCH, or -EINVAL (detached or
   being joined). */
int thread_detach(tid_t tid);

/* The table's lock, for who has to keep a thread in it for a while; and the search under it. */
u64 threads_lock_irq(void);
void threads_unlock_irq(u64 flags);
struct thread *thread_find_locked(tid_t tid);
/* A thread of this id, or NULL. The pointer is good while the caller knows that the thread is not joined by somebody else. */
struct thread *thread_find(tid_t tid);
/* Calls visit for every thread but idle ones, in order of creation, until it returns false. Holds the table's lock: visit takes
   none below its rank. */
void thread_for_each(bool (*visit)(struct thread *t, void *arg), void *arg);
/* The same for who holds it already. */
void thread_for_each_locked(bool (*visit)(struct thread *t, void *arg), void *arg);
unsigned thread_count(void);

/* Lab 1.5 (exit.c). */

/* The body of thread_exit(): the current thread `me` has exited with this code. rq->lock held, interrupts off. Never returns. */
void exit_locked(struct rq *rq, struct thread *me, int code);
/* One attempt of thread_join(): if t has exited and nothing uses its stack any more, takes its code, gives it back and returns true;
   else returns false and changes nothing. Interrupts on, no lock held; t cannot vanish, since the caller is its only joiner. */
bool join_try(struct thread *t, int *code);
/* Gives back a TERMINATED thread: its place in the table, its stack, its TCB. No lock held. */
void thread_reclaim(struct thread *t);

/* The pieces that thread_reclaim() is made of. */

/* Takes t out of the table: nobody finds it any more, and its id may be used again. */
void thread_unlink(struct thread *t);
/* Gives its stack back. t must not run on it, and nobody must find t any more. */
void thread_free_stack(struct thread *t);
/* Gives the TCB back: the last access to t. */
void thread_free(struct thread *t);

/* A thread that has exited is off its stack: for core.c, just after the switch. Gives it back if it is detached. */
__attribute__((noinline, cold)) void thread_left_stack(struct thread *t);
