/* Signals: what one process, or the kernel, tells another one, and how that hears it: just before it goes back to user mode.
   Numbers, flags and layouts are Linux's on x86-64. Guards as in proc/process.h. */
#pragma once

#include "base/thread.h"
#include "lib/list.h"
#include "lib/signals.h"
#include "sched/interrupt.h"

struct process;
struct trap_frame;

#define NSIG 64
#define SIGNALS_WITH_INFO 31 /* 1 to 31: the last that came; the others queue */

#define SIGNAL_BIT(signal) (1ul << ((signal) - 1))
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGNALS_STOP (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

#define SIGNALS_OF_FAULTS (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP))

#define SIG_DFL 0ul
#define SIG_IGN 1ul
#define SA_NOCLDSTOP 1ul
#define SA_NOCLDWAIT 2ul
#define SA_SIGINFO 4ul
#define SA_RESTORER 0x04000000ul
#define SA_ONSTACK 0x08000000ul
#define SA_RESTART 0x10000000ul
#define SA_NODEFER 0x40000000ul
#define SA_RESETHAND 0x80000000ul

/* siginfo, as programs get it. */
struct user_siginfo {
    int signal, error, code, padding;
    union {
        struct {
            int pid;
            u32 uid;
            u64 value;
        };
        uptr address;
        u8 room[112];
    };
};

/* Why a signal came: siginfo's si_code. */
enum { SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_TKILL = -6,
       CLD_EXITED = 1, CLD_KILLED, CLD_DUMPED, CLD_TRAPPED, CLD_STOPPED, CLD_CONTINUED,
       SEGV_MAPERR = 1, SEGV_ACCERR, BUS_ADRERR = 2, FPE_INTDIV = 1, ILL_ILLOPN = 2, TRAP_BRKPT = 1 };

struct signal_action { /* as programs hand it over */
    uptr handler;
    u64 flags;
    uptr restorer;
    u64 mask;
};

struct signal_info {
    int code;
    pid_t pid;    /* who sent it, or which child it is about */
    u32 uid;
    union {
        uptr address; /* of a fault: SIGNALS_OF_FAULTS with a code above 0 */
        u64 value;    /* the child's status, or what the sender gave along */
    };
};

struct signal_stack { /* as programs hand it over */
    uptr start;
    int flags;
    int padding;
    size_t size;
};

/* One that stands in a queue. */
struct signal_entry {
    struct list link;                            /* [p] in signals.queue */
    int signal;
    struct signal_info info;
    /* It is in no queue any more: heard, or forgotten. Fills in what is to be known of it, if somebody hears it. processes_lock held.
       NULL: it is the queue's own, on the heap. */
    void (*taken)(struct signal_entry *entry, struct signal_info *info);
};

/* A process's part, or a thread's. */
struct signals {
    struct signal_action *action;                /* [p] NSIG of them, by number - 1; on the heap, for it is big; a thread has none */
    u64 pending;                                 /* [p] came, and not heard yet */
    u64 plain;                                   /* [p] of the first 31 of those, who came with an info, and not only in the queue */
    struct signal_info info[SIGNALS_WITH_INFO];  /* [p] of those pending */
    struct list queue;                           /* [p] signal_entry.link: the others, as often as they came, oldest first; and timers' */
    u32 queued;                                  /* [p] how many of these are the queue's own: RLIMIT_SIGPENDING at most; others come
                                                    without info */
    struct signal_info last;                     /* [p] of the one of them that was taken last */
    bool last_queued;                            /* [p] the one that was taken last was one of them */
};

void signals_init(void); /* after slab_init() */
/* A new process's part: defaults, or the parent's actions. Returns 0 or -ENOMEM. */
int signals_new(struct signals *signals, const struct signals *parent);
void signals_free(struct signals *signals);
/* What is pending is forgotten: all of this set. processes_lock held, or nobody knows of them. */
void signals_forget(struct signals *signals, u64 set);
/* exec: what had a handler has the default again. */
void signals_reset(struct process *p);

/* Sends a signal to a process: remembers it, and lets a thread that waits hear of it. info: NULL for the kernel's own. Any context,
   processes_lock held. Returns 0, or -EAGAIN: it is pending, but what came with it is lost, for there are too many. */
int signal_send_locked(struct process *p, int signal, const struct signal_info *info);
void signal_send(struct process *p, int signal, const struct signal_info *info);
/* The same to one thread of p, which alone hears it; but what ends, stops or continues concerns all. */
int signal_send_thread_locked(struct process *p, struct thread *t, int signal, const struct signal_info *info);
/* Sends with an entry of the sender's own, which is in no queue: to p, or (not NULL) to its thread t alone; though one of the first 31 be
   pending already. Returns false if nobody would hear it: then the entry is in no queue. Any context, processes_lock held. */
bool signal_send_entry_locked(struct process *p, struct thread *t, struct signal_entry *entry);
/* Senders' own entries are taken out. processes_lock held. */
void signals_forget_entries(struct signals *signals);
/* Those of these signals that wait for somebody of p to hear them: all but the running thread look whether they do. processes_lock held. */
void signals_for_others_locked(const struct process *p, u64 signals);
/* The next signal for the running thread of p that is not blocked, its own first; otherwise as signal_take(). */
int signal_take_any(struct process *p, u64 blocked, struct signal_info *info);
/* For a fault of the running thread: heard next, even if it is blocked or ignored (then by dying). */
void signal_force(int signal, const struct signal_info *info);

struct user_siginfo info_for_user(int signal, const struct signal_info *info);
/* Whether the running thread has a signal to hear. */
bool signal_waits(void);
/* Hears what waits: runs default actions, or lays a handler's frame. Interrupts on, just before user mode; does not return if the
   process ends. */
void signals_deliver(struct trap_frame *frame);
/* The end of a handler: back to what *frame was before it. Returns what rax was. */
s64 signal_return(struct trap_frame *frame);
/* Sets the running thread's mask. */
void signal_mask_set(u64 mask);

/* Lab 3.8a (signal.c), processes_lock held. */

/* Whether nobody would hear the signal: it is ignored, and not even kept. */
bool signal_ignored(const struct process *p, int signal);
/* Takes the next signal for thread t that is pending and not blocked: its number and what is known of it; 0: none. */
int signal_take(struct process *p, u64 blocked, struct signal_info *info);
