/* Signals: sets, actions, what the handler is told. Layouts are Linux's on x86-64. */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

enum { SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,
       SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH,
       SIGIO, SIGPWR, SIGSYS, SIGRTMIN, NSIG = 65, SIGRTMAX = 64 };

typedef unsigned long sigset_t; /* bit n-1 is signal n */
typedef int sig_atomic_t;

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct {
    int si_signo, si_errno, si_code, pad;
    union {
        struct { /* kill(), SIGCHLD */
            pid_t si_pid;
            uid_t si_uid;
            union {
                int si_status;
                union sigval si_value;
            };
        };
        void *si_addr; /* SIGSEGV, SIGFPE, SIGILL, SIGBUS */
        char room[112];
    };
} siginfo_t;

enum { SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_TKILL = -6 };
enum { SEGV_MAPERR = 1, SEGV_ACCERR };
enum { ILL_ILLOPN = 2, FPE_INTDIV = 1, BUS_ADRERR = 2 };
enum { CLD_EXITED = 1, CLD_KILLED, CLD_DUMPED, CLD_TRAPPED, CLD_STOPPED, CLD_CONTINUED };

struct sigaction {
    union {
        void (*sa_handler)(int);
        void (*sa_sigaction)(int, siginfo_t *, void *);
    };
    unsigned long sa_flags;
    void (*sa_restorer)(void); /* set by sigaction() */
    sigset_t sa_mask;
};

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)
enum { SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2, SA_SIGINFO = 4, SA_RESTORER = 0x4000000, SA_ONSTACK = 0x8000000, SA_RESTART = 0x10000000,
       SA_NODEFER = 0x40000000 };
#define SA_RESETHAND 0x80000000u
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

typedef struct {
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;
enum { SS_ONSTACK = 1, SS_DISABLE = 2 };
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

/* What a handler with SA_SIGINFO gets as its third argument: the registers at the signal, by Linux's order. */
enum { REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RDI, REG_RSI, REG_RBP, REG_RBX, REG_RDX, REG_RAX, REG_RCX,
       REG_RSP, REG_RIP, REG_EFL, REG_CSGSFS, REG_ERR, REG_TRAPNO, REG_OLDMASK, REG_CR2, NGREG };
typedef struct ucontext {
    unsigned long uc_flags;
    struct ucontext *uc_link;
    stack_t uc_stack;
    struct {
        long gregs[NGREG];
        void *fpregs;
        unsigned long reserved[8];
    } uc_mcontext;
    sigset_t uc_sigmask;
} ucontext_t;

int sigaction(int number, const struct sigaction *new, struct sigaction *old);
void (*signal(int number, void (*handler)(int)))(int);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit);
int sigaltstack(const stack_t *new, stack_t *old);
int kill(pid_t pid, int number);
int tgkill(pid_t process, pid_t thread, int number);
int raise(int number);

static inline int sigemptyset(sigset_t *set) { return *set = 0, 0; }
static inline int sigfillset(sigset_t *set) { return *set = ~0ul, 0; }
static inline int sigaddset(sigset_t *set, int n) { return *set |= 1ul << (n - 1), 0; }
static inline int sigdelset(sigset_t *set, int n) { return *set &= ~(1ul << (n - 1)), 0; }
static inline int sigismember(const sigset_t *set, int n) { return *set >> (n - 1) & 1; }

/* A signal's name without SIG, or NULL; and the number for a name (with or without SIG) or a number, or -1. */
const char *signal_name(int number);
int signal_number(const char *name);
