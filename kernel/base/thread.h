/* struct thread, the thread control block (TCB). It is declared this low because locks, trace and panic name the running thread; what is
   done with threads is in sched/. Guards:
     [c] constant after creation            [q] the run queue's lock of the CPU it is on
     [t] the thread table's lock            [o] only the thread itself, while it runs */
#pragma once

#include "arch/arch.h"
#include "base/entity.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mine/mine.h"

#define THREAD_NAME_MAX 16

/* A kernel stack (mm/kstack.h). */
struct kstack {
    u64 base;    /* lowest usable byte; the page below it is the guard. 0 = none */
    size_t size; /* bytes, a multiple of PAGE_SIZE */
};

enum thread_state {
    THREAD_NEW,        /* made, never ready yet */
    THREAD_READY,      /* may run; waits in a run queue */
    THREAD_RUNNING,    /* executes on a CPU */
    THREAD_BLOCKED,    /* waits for an event (phase 2) */
    THREAD_STOPPED,    /* suspended by somebody (phase 2) */
    THREAD_ZOMBIE,     /* has exited; keeps its exit code for the one who joins */
    THREAD_TERMINATED, /* joined or detached: nothing of it is needed any more */
};

/* Thread priorities: bigger is better. */
enum thread_priority { PRIORITY_IDLE, PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_CRITICAL };

enum thread_flags {
    THREAD_KTHREAD = 1 << 0,      /* made to stay on the CPU that its mask names, which no balancing takes it from */
    THREAD_DETACHED = 1 << 1,     /* nobody joins it: it is reclaimed as soon as it is off its stack */
    THREAD_USER = 1 << 2,         /* has a user mode (phase 3) */
    THREAD_IDLE = 1 << 3,         /* a CPU's idle thread: never queued, never counted */
    THREAD_BOOT_STACK = 1 << 4,   /* runs on a stack that was never allocated */
};

struct mutex;
struct user_context; /* arch/user.h */

/* What the policies keep in a thread; each is described where the policy is. Cycles are those of thread_ran(): what the thread
   itself has run. */
struct prio_entity {
    u8 level;                /* the list in which it stands, or stood last */
};

struct mlfq_entity {
    u8 level;                /* 0 is the best */
    u64 allotment_start;     /* cycles that it had run when it came to this level */
    u64 boost;               /* number of the last boost that it took part in */
};

struct sjf_entity {
    struct rb_node node;     /* its place in the queue */
    u64 key;                 /* what it is ordered by: tau, or 0 if it goes on with a burst */
    u64 tau;                 /* predicted burst, cycles; 0 = nothing known yet */
    u64 burst_start;         /* cycles that it had run when its present burst began */
};

/* Scheduling classes, highest first. */
enum sched_class_id { SCHED_CLASS_DEADLINE, SCHED_CLASS_RT, SCHED_CLASS_NORMAL, SCHED_CLASS_IDLE };

struct timer_queue; /* sched/timer.h */

/* Something to be done at a time; guarded by the lock of the timer queue that it is in (sched/timer.h). */
struct timer {
    struct rb_node node;                /* its place in the queue */
    struct timer_queue *queue;          /* in which it is, or was last; NULL: never in any */
    u64 expires;                        /* ns */
    void (*expired)(struct timer *timer); /* interrupts off, no lock held */
};

struct sched_class; /* sched/class.h */
struct thread;

/* What the layer above that made a thread wants to hear of it. */
struct thread_owner_ops {
    /* The thread leaves with this code; called by the thread itself, no lock held, interrupts on. May be NULL. */
    void (*exiting)(struct thread *thread, int code);
};

struct thread {
    u64 *rsp;                /* [q] saved stack pointer; valid while the thread does not run */
    tid_t tid;               /* [c] */
    tid_t parent_tid;        /* [c] who created it */
    enum thread_state state; /* [q] changed by thread_set_state() alone */
    u32 flags;               /* [t] enum thread_flags */
    bool left_stack;         /* [t] has exited, and no CPU uses its stack any more: it may be freed */
    u8 state_set;            /* [q] checked builds: the state as thread_set_state() left it */
    int last_cpu;            /* [q] the CPU in whose run queue it last stood */
    const struct sched_class *class; /* [q] */
    enum sched_class_id class_id;    /* [q] class->id, where class cannot be read (trace) */
    struct list run_link;    /* [q] its place in a run queue; unlinked while it runs */
    bool leaving;            /* [q] stands in rq->leaving */
    u8 traced_cpu;           /* [q] whose run queue the trace says that it was in last (phase 4) */
    enum thread_priority priority;   /* [q] */
    u64 cpu_mask;            /* [q] bit n: may run on CPU n */
    u64 burst_ns;            /* [q] first estimate of its CPU burst (SJF) */

    struct kstack stack;     /* [c] */
    int (*entry)(void *arg); /* [c] */
    void *arg;               /* [c] */
    char name[THREAD_NAME_MAX]; /* [c] always ended by a 0 byte */

    int exit_code;           /* [t] valid from ZOMBIE on */
    tid_t joiner;            /* [t] who waits for it in thread_join(), or 0 */
    struct list all_link;    /* [t] the thread table */
    struct list tid_link;    /* [t] the threads whose ids share a bucket */
    const struct thread_owner_ops *owner_ops; /* [c] may be NULL */
    void *owner;             /* [c] its process */
    struct list owner_link;  /* [owner's lock] the process's list of threads */

    u64 created_at;          /* [c] ns */
    u64 cpu_cycles;          /* [q] cycles it has run; while it runs, less the cycles() at which its turn began (sched/stat.h converts) */
    u64 nr_switches;         /* [q] times it was put on a CPU */
#if PHASE >= 2
    bool wake_pending;       /* [q] was woken while it was not blocked: its next block returns at once */
    bool killed;             /* [q] has to leave at its next safe point ... */
    int kill_code;           /* [q] ... with this exit code */
    bool exits;              /* [q] is leaving: it cannot be killed any more */
    bool suspended;          /* [q] is to stand still: STOPPED, or will be when it leaves its CPU */
    bool timed_out;          /* [q] the timer woke it */
    bool roused;             /* [q] was woken by hand: its sleep is over */
    const char *waits_for;   /* [q] what it is blocked on, for people; NULL if it is not */
    const void *channel;     /* [channel's lock] what it waits for in block_current() */
    struct list wait_link;   /* [the wait queue's lock] its place among those who wait */
    struct timer timer;      /* ends its sleep, or its wait */
    u64 ready_since;         /* [q] ns; when it last became READY */
    u64 blocked_since;       /* [q] ns; when it last became BLOCKED */
    u64 blocked_time;        /* [q] ns it was NEW, BLOCKED or STOPPED, up to then */
    u64 nr_waits;            /* [q] times it left its CPU to block or to stand still */
    u64 wait_settled;        /* [q] ns of its waiting that rq->waited has: for /proc */
    u64 since;               /* [q] rq->clock when it became ready, or when its last turn ended: its place among equals */
    u64 slice_start;         /* [q] cycles that it had run when its present slice began */
    struct mutex *blocked_on; /* [pi_lock] the mutex it waits for, or NULL */
    struct list held_mutexes; /* [pi_lock] mutexes that it owns */
    int inherited;           /* [q] the best effective priority lent by those who wait for its mutexes, or -1 */
    struct prio_entity prio; /* [q] priority scheduling */
    struct mlfq_entity mlfq; /* [q] multi-level feedback queue */
    struct sjf_entity sjf;   /* [q] shortest job first */
#endif
#if PHASE >= 3
    struct user_context *user; /* [o] what it has in user mode; NULL: nothing, it never leaves the kernel */
    bool interrupted;        /* [owner's lock] it has a signal to hear: no interruptible wait begins */
#endif
    THREAD_ENTITY
    struct thread_mine mine;
};
