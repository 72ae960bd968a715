/* Threads with a user mode: what the kernel keeps for them beyond struct thread. */
#pragma once

#include "arch/user.h"
#include "proc/process.h"
#include "proc/signal.h"

struct user_thread {
    struct user_context context;  /* arch's part; thread.user points to it */
    u64 blocked;                  /* [p] signals that it does not want to hear now; changed by itself alone */
    u64 awaited;                  /* [p] signals that it blocks and for the moment waits for, with rt_sigtimedwait() */
    u64 saved_mask;               /* [o] what `blocked` is again after sigsuspend, if restore_mask */
    bool restore_mask;            /* [o] */
    struct signal_stack altstack; /* [o] where handlers with SA_ONSTACK run; size 0: none */
    u64 fault_vector, fault_error; /* [o] of its last exception, for the handler */
    uptr fault_at;                /* [o] */
    uptr clear_tid;               /* [o] set_tid_address() */
    uptr robust_list;             /* [o] set_robust_list(); 0: none */
    struct signals own;           /* [p] signals for it alone, without actions; SIGKILL: it has to leave, and nobody else */
    struct usage used_by_child;   /* [o] by the one that it waited for last */
    bool missed;                  /* [o] asked for a frame, and there was none (proc/oom.h) */
    bool no_fault;                /* [o] it copies user memory where no page can be made */
    u64 sleep_until;              /* [o] ns; when a sleep that a signal interrupted would have been over */
};

static inline struct user_thread *user_thread(const struct thread *t)
{
    return container_of(t->user, struct user_thread, context);
}

/* What programs call t by: the first thread, or the one that called exec(), by the process's id. */
static inline tid_t thread_user_id(const struct process *p, const struct thread *t)
{
    return t->tid == p->main_tid ? p->pid : t->tid;
}

/* The thread of p that programs know by this id, or NULL. processes_lock held. */
struct thread *user_thread_find_locked(const struct process *p, tid_t tid);
/* Whether a stack pointer of its is on the stack for signals. */
bool on_altstack(const struct user_thread *user, uptr rsp);

void user_threads_init(void); /* after slab_init() */
/* What t needs for user mode, on the stack that it has. Returns 0 or -ENOMEM. */
int user_thread_prepare(struct thread *t, paddr_t root);
/* Gives it back: t never goes to user mode again. The running thread, which nobody finds in its process any more, or one that has not
   run yet. */
void user_thread_end(struct thread *t);
/* Goes to user mode as the frame of the running thread says. Never returns. */
_Noreturn void user_thread_enter(void);
