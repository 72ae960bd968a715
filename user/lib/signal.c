/* Signals: <signal.h>. The kernel's calls take the size of a set, and a restorer: where a handler returns to. */

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>

int rt_sigaction(int number, const struct sigaction *new, struct sigaction *old, size_t set_size);
int rt_sigprocmask(int how, const sigset_t *set, sigset_t *old, size_t set_size);
int rt_sigpending(sigset_t *set, size_t set_size);
int rt_sigsuspend(const sigset_t *mask, size_t set_size);
int rt_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit, size_t set_size);
void signal_return(void);

int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    if (!new)
        return rt_sigaction(number, NULL, old, sizeof(sigset_t));
    struct sigaction with_restorer = *new;
    with_restorer.sa_flags |= SA_RESTORER;
    with_restorer.sa_restorer = signal_return;
    return rt_sigaction(number, &with_restorer, old, sizeof(sigset_t));
}

void (*signal(int number, void (*handler)(int)))(int)
{
    struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;
    return sigaction(number, &new, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    return rt_sigprocmask(how, set, old, sizeof(sigset_t));
}

int sigpending(sigset_t *set)
{
    return rt_sigpending(set, sizeof(sigset_t));
}

int sigsuspend(const sigset_t *mask)
{
    return rt_sigsuspend(mask, sizeof(sigset_t));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit)
{
    return rt_sigtimedwait(set, info, limit, sizeof(sigset_t));
}

int raise(int number)
{
    return tgkill(getpid(), gettid(), number);
}

void sigjmp_keep_mask(sigjmp_buf place, int keep)
{
    place[8] = keep;
    if (keep)
        sigprocmask(SIG_BLOCK, NULL, &place[9]);
}

void siglongjmp(sigjmp_buf place, int value)
{
    if (place[8])
        sigprocmask(SIG_SETMASK, &place[9], NULL);
    longjmp(place, value);
}

static const struct {
    char name[8];
    const char *meaning;
} signals[] = {
    [SIGHUP] = { "HUP", "Hangup" },
    [SIGINT] = { "INT", "Interrupt" },
    [SIGQUIT] = { "QUIT", "Quit" },
    [SIGILL] = { "ILL", "Illegal instruction" },
    [SIGTRAP] = { "TRAP", "Trace/breakpoint trap" },
    [SIGABRT] = { "ABRT", "Aborted" },
    [SIGBUS] = { "BUS", "Bus error" },
    [SIGFPE] = { "FPE", "Floating point exception" },
    [SIGKILL] = { "KILL", "Killed" },
    [SIGUSR1] = { "USR1", "User defined signal 1" },
    [SIGSEGV] = { "SEGV", "Segmentation fault" },
    [SIGUSR2] = { "USR2", "User defined signal 2" },
    [SIGPIPE] = { "PIPE", "Broken pipe" },
    [SIGALRM] = { "ALRM", "Alarm clock" },
    [SIGTERM] = { "TERM", "Terminated" },
    [SIGSTKFLT] = { "STKFLT", "Stack fault" },
    [SIGCHLD] = { "CHLD", "Child exited" },
    [SIGCONT] = { "CONT", "Continued" },
    [SIGSTOP] = { "STOP", "Stopped (signal)" },
    [SIGTSTP] = { "TSTP", "Stopped" },
    [SIGTTIN] = { "TTIN", "Stopped (tty input)" },
    [SIGTTOU] = { "TTOU", "Stopped (tty output)" },
    [SIGURG] = { "URG", "Urgent I/O condition" },
    [SIGXCPU] = { "XCPU", "CPU time limit exceeded" },
    [SIGXFSZ] = { "XFSZ", "File size limit exceeded" },
    [SIGVTALRM] = { "VTALRM", "Virtual timer expired" },
    [SIGPROF] = { "PROF", "Profiling timer expired" },
    [SIGWINCH] = { "WINCH", "Window changed" },
    [SIGIO] = { "IO", "I/O possible" },
    [SIGPWR] = { "PWR", "Power failure" },
    [SIGSYS] = { "SYS", "Bad system call" },
};
enum { NAMED = sizeof(signals) / sizeof(signals[0]) };

const char *signal_name(int number)
{
    return number > 0 && number < NAMED ? signals[number].name : NULL;
}

int signal_number(const char *name)
{
    if (isdigit(*name)) {
        char *end;
        long number = strtol(name, &end, 10);
        return *end || number >= NSIG ? -1 : number;
    }
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i < NAMED; i++)
        if (strcmp(name, signals[i].name) == 0)
            return i;
    return -1;
}

char *strsignal(int number)
{
    static char unknown[32];
    if (number > 0 && number < NAMED)
        return (char *)signals[number].meaning;
    snprintf(unknown, sizeof(unknown), number >= SIGRTMIN && number < NSIG ? "Real-time signal %d" : "Unknown signal %d",
             number >= SIGRTMIN && number < NSIG ? number - SIGRTMIN : number);
    return unknown;
}
