/* Processes: what threads share. In phases 1 and 2 a process is a kernel thread with a name, descriptors and an exit status; phase 3 adds
   an address space and the rest. A process outlives its threads: the table never hangs on a thread.
   Guards: [c] constant  [p] processes_lock  [s] space_lock  [o] only the process's own thread */
#pragma once

#include "base/thread.h"
#include "fs/fd_table.h"
#if PHASE >= 3
#include "fs/context.h"
#include "mm/aspace.h"
#include "proc/cpu_timer.h"
#include "proc/cred.h"
#include "proc/limits.h"
#include "proc/signal.h"
#include "proc/traits.h"
#include "proc/usage.h"
#include "sched/mutex.h"
#include "sched/timer.h"
#endif

#define PROCESS_NAME_MAX 16

enum process_state {
    PROCESS_RUNNING, /* has threads */
    PROCESS_ZOMBIE,  /* its last thread has exited; pid and status are kept for the parent */
};

struct process {
    pid_t pid;                   /* [c] its first thread's id */
    pid_t ppid;                  /* [p] */
    enum process_state state;    /* [p] */
    char name[PROCESS_NAME_MAX]; /* [c]; [p] from exec() on */
    struct list threads;         /* [p] thread.owner_link */
    tid_t main_tid;              /* [p] its first thread, or the one that called exec() */
    int exit_status;             /* [p] valid once ZOMBIE: what ended the process, or the exit code of its first thread */
    u64 created_at;              /* [c] ns */
    struct fd_table fds;         /* its own lock */
    struct list all_link;        /* [p] the table */
#if PHASE >= 3
    struct process *parent;      /* [p] NULL: process 1, or a child of none */
    struct list children;        /* [p] process.sibling_link, oldest first */
    struct list sibling_link;    /* [p] its place among its parent's children */
    struct list pid_link;        /* [p] processes whose ids share a bucket */
    struct wait_queue waiters;   /* [p] its threads, while they wait for a child, or to be alone */
    bool ending;                 /* [p] exit_status is settled, and all threads have to leave */
    struct address_space *space; /* [s] to use it, [p] to know that it is there: changed under both, by its own thread alone; NULL: none */
    struct mutex space_lock;     /* guards *space */
    struct signals signals;      /* [p] */
    bool stopped;                /* [p] by a signal; its threads stand still */
    bool stopping;               /* [p] has taken a signal that stops it, and nothing that lets it go on came since */
    int stop_signal;             /* [p] which one */
    bool stop_news;              /* [p] its parent has not heard yet that it stopped ... */
    bool continue_news;          /* [p] ... that it goes on */
    struct timer alarm;          /* alarm(), setitimer(); the CPU's timer queue */
    u64 alarm_interval;          /* [p] ns; 0: once */
    struct cpu_timers cpu;       /* what rings by the CPU time that it uses */
    struct list posix_timers;    /* [posix_timer.c] its timers */
    int timers_made;             /* [posix_timer.c] so many it has made: the next one's id */
    bool lent, lending;          /* [p] vfork(): uses its parent's space; a child uses its own, and it waits */
    struct address_space *left;  /* [p] the space that was lent, once its parent was killed: this process's to give back */
    pid_t pgid, sid;             /* [p] process group, session; 0: the kernel's own */
    bool terminal;               /* [p] has its session's terminal (proc/terminal.h) */
    pid_t hung_up;               /* [p] of a session's leader: the group that was in the foreground when the terminal hung up; 0: none */
    u32 refs;                    /* [p] who looks at it without the lock, and the process itself */
    bool execed;                 /* [p] runs another program than it was forked with */
    int nice;                    /* [p] -20 to 19 (proc/priority.h) */
    int oom_adj;                 /* [p] what the killer adds to its pages, in thousandths of all (proc/oom.h) */
    u64 oom_since;               /* [p] ns; since when it is to leave because memory is out; 0: it is not */
    struct credentials cred;     /* [p], and changed by its own thread alone */
    struct limits limits;        /* [p] */
    struct traits traits;        /* [p] */
    struct usage used;           /* [p] by threads that have left */
    struct usage used_by_children; /* [p] by those that are gone, with theirs */
    struct fs_context fs;        /* where its paths begin, and as whom it touches files */
#endif
    struct process_mine mine;
};

/* The table, with process 1 around the boot thread. Once, after threads_init(). */
void processes_init(struct thread *boot);
/* Starts a process with one kernel thread, which runs entry(arg); console as descriptors 0, 1, 2. A child of the running
   thread's process, or of process 1. Thread context. Returns its pid, or -EINVAL, -EAGAIN, -ENOMEM. */
pid_t process_create(const char *name, int (*entry)(void *), void *arg);
/* Waits until the child `pid` (or any child, if pid is -1) is a zombie, takes its status (may be NULL) and removes it. Thread context.
   Returns its pid; -ECHILD if there is no such child; with nohang, 0 if none is a zombie yet. */
pid_t process_wait(pid_t pid, int *status, bool nohang);
/* Ends the running thread, and with it its process if it is the last one. */
_Noreturn void process_exit(int status);
/* The running thread's process; process 1 for threads that belong to none. */
struct process *current_process(void);
/* The open file behind (pid, fd) with a reference, or NULL. */
struct file *descriptor(pid_t pid, int fd);

/* Prints registers, stack, descriptors and scheduling of one process, of all, and of one thread. No lock: also called by panic. While
   others run, dump_living(), of one or (0) all: who is shown stays there. */
void dump_living(pid_t pid);
void dump_process(pid_t pid);
void dump_all_processes(void);
void dump_thread(const struct thread *t);
