/* Edges of the calls on signals: sending, actions, masks, waiting, stacks, interval timers. */

#include "edges.h"

#include <sys/time.h>

enum { NEVER = 999999 };

static volatile int heard, heard_code, heard_value;

static void hear(int number)
{
    heard = number;
}

static void hear_more(int number, siginfo_t *info, void *context)
{
    (void)context;
    heard = number;
    heard_code = info->si_code;
    heard_value = info->si_value.sival_int;
}

static void wait_long(void)
{
    for (;;)
        pause();
}

static int start(void)
{
    pid_t made = split();
    if (made == 0)
        wait_long();
    return made;
}

static void sending(void)
{
    pid_t me = getpid();
    E(kill, me, 0);
    E(kill, me, -1);
    E(kill, me, 65);
    E(kill, me, 1000);
    E(kill, NEVER, 0);
    E(kill, NEVER, SIGKILL);
    E(kill, NEVER, 65);
    E(kill, INT_MIN, SIGKILL);
    E(kill, INT_MIN, 65);
    E(kill, -NEVER, SIGKILL);
    E(kill, -NEVER, 0);
    E(setpgid, 0, 0);
    E(kill, 0, 0);
    E(kill, -me, 0);
    pid_t other = start();
    E(kill, other, 0);
    E(kill, other, SIGKILL);
    int status = wait_for(other);
    OCTAL(status);
    E(kill, other, 0);
    other = start();
    E(kill, -other, SIGKILL);
    E(kill, other, 64);
    status = wait_for(other);
    OCTAL(status);
    about("a zombie");
    other = split();
    if (other == 0)
        _exit(0);
    siginfo_t info;
    E(kill, other, 0);
    E(kill, other, SIGKILL);
    E(tkill, other, 0);
    wait_for(other);
    about("threads");
    E(tkill, me, 0);
    E(tkill, 0, 0);
    E(tkill, -1, SIGKILL);
    E(tkill, NEVER, 0);
    E(tkill, NEVER, 65);
    E(tkill, me, 65);
    E(tkill, me, -1);
    E(tgkill, me, me, 0);
    E(tgkill, 0, me, 0);
    E(tgkill, me, 0, 0);
    E(tgkill, -1, me, 0);
    E(tgkill, NEVER, me, 0);
    E(tgkill, me, NEVER, 0);
    E(tgkill, me, me, 65);
    E(tgkill, getppid(), me, 0);
    about("with a value");
    struct sigaction act = { .sa_sigaction = hear_more, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &act, NULL);
    memset(&info, 0, sizeof(info));
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 42;
    E(rt_sigqueueinfo, me, SIGUSR1, NOWHERE);
    E(rt_sigqueueinfo, NEVER, SIGUSR1, NOWHERE);
    E(rt_sigqueueinfo, NEVER, SIGUSR1, &info);
    E(rt_sigqueueinfo, me, 65, &info);
    E(rt_sigqueueinfo, me, -1, &info);
    E(rt_sigqueueinfo, -1, SIGUSR1, &info);
    E(rt_sigqueueinfo, 0, SIGUSR1, &info);
    E(rt_sigqueueinfo, me, 0, &info);
    E(rt_sigqueueinfo, me, SIGUSR1, &info);
    V(heard);
    V(heard_code);
    V(heard_value);
    heard = 0;
    info.si_code = SI_TKILL;
    E(rt_sigqueueinfo, getppid(), SIGUSR1, &info);
    E(rt_sigqueueinfo, NEVER, SIGUSR1, &info);
    E(rt_sigqueueinfo, me, SIGUSR1, &info);
    V(heard_code);
    info.si_code = 0;
    E(rt_sigqueueinfo, getppid(), 0, &info);
    info.si_code = 77;
    E(rt_sigqueueinfo, getppid(), 0, &info);
    E(rt_sigqueueinfo, me, SIGUSR1, &info);
    V(heard_code);
    info.si_code = -77;
    E(rt_tgsigqueueinfo, me, me, SIGUSR1, &info);
    V(heard_code);
    E(rt_tgsigqueueinfo, 0, me, SIGUSR1, &info);
    E(rt_tgsigqueueinfo, me, 0, SIGUSR1, &info);
    E(rt_tgsigqueueinfo, me, NEVER, SIGUSR1, &info);
    E(rt_tgsigqueueinfo, me, me, 65, &info);
    E(rt_tgsigqueueinfo, me, me, SIGUSR1, NOWHERE);
    info.si_code = 0;
    E(rt_tgsigqueueinfo, getppid(), getppid(), 0, &info);
}

static void actions(void)
{
    struct sigaction act = { .sa_handler = SIG_IGN }, old;
    E(rt_sigaction, 0, NULL, &old, 8);
    E(rt_sigaction, 65, NULL, &old, 8);
    E(rt_sigaction, -1, NULL, &old, 8);
    E(rt_sigaction, 64, NULL, &old, 8);
    E(rt_sigaction, SIGKILL, NULL, &old, 8);
    E(rt_sigaction, SIGKILL, &act, &old, 8);
    E(rt_sigaction, SIGSTOP, &act, NULL, 8);
    E(rt_sigaction, SIGKILL, NOWHERE, NULL, 8);
    E(rt_sigaction, 0, NOWHERE, NULL, 8);
    E(rt_sigaction, SIGUSR1, &act, NULL, 16);
    E(rt_sigaction, SIGUSR1, NOWHERE, NULL, 4);
    E(rt_sigaction, SIGUSR1, NULL, NULL, 8);
    E(rt_sigaction, SIGUSR1, NULL, NULL, 0);
    E(rt_sigaction, SIGUSR1, NOWHERE, NULL, 8);
    E(rt_sigaction, SIGUSR1, NULL, NOWHERE, 8);
    E(rt_sigaction, SIGUSR1, &act, NOWHERE, 8);
    E(rt_sigaction, SIGUSR1, NULL, &old, 8);
    V(old.sa_handler == SIG_IGN);
    act = (struct sigaction){ .sa_handler = hear, .sa_mask = ~0ul, .sa_flags = SA_RESTART | SA_NODEFER };
    E(rt_sigaction, SIGUSR2, &act, NULL, 8);
    E(rt_sigaction, SIGUSR2, NULL, &old, 8);
    V(old.sa_mask == ~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1)));
    V(old.sa_flags);
    act.sa_flags = 0xffffffffu & ~0x800ul;
    E(rt_sigaction, SIGUSR2, &act, NULL, 8);
    E(rt_sigaction, SIGUSR2, NULL, &old, 8);
    V(old.sa_flags);
    act.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &act, NULL);
    about("masks");
    sigset_t all = ~0ul, none = 0, was;
    E(rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
    E(rt_sigprocmask, 12345, NULL, &was, 8);
    V(was == ~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1)));
    E(rt_sigprocmask, 3, &all, NULL, 8);
    E(rt_sigprocmask, -1, &all, NULL, 8);
    E(rt_sigprocmask, SIG_BLOCK, &all, NULL, 4);
    E(rt_sigprocmask, 3, &all, NULL, 4);
    E(rt_sigprocmask, SIG_BLOCK, NOWHERE, NULL, 8);
    E(rt_sigprocmask, 3, NOWHERE, NULL, 8);
    E(rt_sigprocmask, SIG_BLOCK, NULL, NOWHERE, 8);
    E(rt_sigprocmask, SIG_SETMASK, &none, NOWHERE, 8);
    E(rt_sigprocmask, 0, NULL, &was, 8);
    V(was);
    E(rt_sigprocmask, SIG_UNBLOCK, &all, &was, 8);
    about("pending");
    was = 1ul << (SIGUSR2 - 1) | 1ul << (SIGUSR1 - 1);
    E(rt_sigprocmask, SIG_SETMASK, &was, NULL, 8);
    heard = 0;
    E(kill, getpid(), SIGUSR1);
    E(kill, getpid(), SIGUSR2);
    E(kill, getpid(), SIGUSR2);
    E(rt_sigpending, &was, 8);
    V(was == 1ul << (SIGUSR2 - 1));
    E(rt_sigpending, &was, 9);
    E(rt_sigpending, NOWHERE, 9);
    E(rt_sigpending, NOWHERE, 8);
    E(rt_sigpending, NOWHERE, 0);
    was = 0;
    E(rt_sigpending, &was, 2);
    V(was);
    V(heard);
    E(rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    V(heard);
}

static void waiting(void)
{
    struct timespec none = { 0, 0 }, wrong = { 0, 1000000000 }, negative = { -1, 0 }, soon = { 0, 1000000 };
    sigset_t usr = 1ul << (SIGUSR1 - 1), kill_only = 1ul << (SIGKILL - 1), nobody = 0;
    siginfo_t info;
    struct sigaction act = { .sa_handler = hear };
    sigaction(SIGUSR2, &act, NULL);
    sigaction(SIGALRM, &act, NULL);
    sigprocmask(SIG_BLOCK, &usr, NULL);
    E(rt_sigtimedwait, &usr, &info, &none, 8);
    E(rt_sigtimedwait, &usr, &info, &none, 4);
    E(rt_sigtimedwait, NOWHERE, &info, &none, 4);
    E(rt_sigtimedwait, NOWHERE, &info, &none, 8);
    E(rt_sigtimedwait, &usr, &info, &wrong, 8);
    E(rt_sigtimedwait, &usr, &info, &negative, 8);
    E(rt_sigtimedwait, &usr, &info, NOWHERE, 8);
    E(rt_sigtimedwait, NOWHERE, &info, NOWHERE, 8);
    E(rt_sigtimedwait, &usr, &info, &soon, 8);
    E(rt_sigtimedwait, &kill_only, &info, &none, 8);
    E(rt_sigtimedwait, &nobody, &info, &soon, 8);
    E(kill, getpid(), SIGUSR1);
    E(rt_sigtimedwait, &usr, &info, &wrong, 8);
    E(rt_sigtimedwait, &usr, &info, NULL, 8);
    V(info.si_signo);
    V(info.si_code);
    E(tkill, getpid(), SIGUSR1);
    E(rt_sigtimedwait, &usr, NULL, &none, 8);
    E(rt_sigtimedwait, &usr, NULL, &none, 8);
    E(kill, getpid(), SIGUSR1);
    E(rt_sigtimedwait, &usr, NOWHERE, &none, 8);
    E(rt_sigtimedwait, &usr, NULL, &none, 8);
    about("suspended");
    E(rt_sigsuspend, NOWHERE, 8);
    E(rt_sigsuspend, &nobody, 4);
    E(rt_sigsuspend, NOWHERE, 4);
    sigset_t usr2 = 1ul << (SIGUSR2 - 1), was;
    E(rt_sigprocmask, SIG_SETMASK, &usr2, NULL, 8);
    heard = 0;
    E(kill, getpid(), SIGUSR2);
    E(rt_sigsuspend, &nobody, 8);
    V(heard);
    E(rt_sigprocmask, 0, NULL, &was, 8);
    V(was == usr2);
    E(rt_sigprocmask, SIG_SETMASK, &nobody, NULL, 8);
    about("interrupted");
    int fds[2];
    pipe(fds);
    struct itimerval once = { { 0, 0 }, { 0, 2000 } };
    struct timespec long_time = { 100, 0 }, left = { 0, 0 };
    setitimer(ITIMER_REAL, &once, NULL);
    E(pause);
    setitimer(ITIMER_REAL, &once, NULL);
    E(read, fds[0], buffer, 1);
    setitimer(ITIMER_REAL, &once, NULL);
    E(nanosleep, &long_time, &left);
    V(left.tv_sec);
    setitimer(ITIMER_REAL, &once, NULL);
    E(nanosleep, &long_time, NULL);
    setitimer(ITIMER_REAL, &once, NULL);
    E(nanosleep, &long_time, NOWHERE);
    setitimer(ITIMER_REAL, &once, NULL);
    E(clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, &left);
    setitimer(ITIMER_REAL, &once, NULL);
    E(poll, NULL, 0, -1);
    setitimer(ITIMER_REAL, &once, NULL);
    E(ppoll, NULL, 0, NULL, &usr, 8);
    setitimer(ITIMER_REAL, &once, NULL);
    E(rt_sigtimedwait, &usr, &info, NULL, 8);
    setitimer(ITIMER_REAL, &once, NULL);
    E(futex, &fds[1], 0, fds[1], NULL, NULL, 0);
    pid_t other = start();
    setitimer(ITIMER_REAL, &once, NULL);
    E(wait4, other, NULL, 0, NULL);
    about("or begun again");
    act.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &act, NULL);
    pid_t writer = split();
    if (writer == 0) {
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
        write(fds[1], "x", 1);
        kill(other, SIGKILL);
        _exit(0);
    }
    heard = 0;
    setitimer(ITIMER_REAL, &once, NULL);
    E(read, fds[0], buffer, 1);
    V(heard);
    setitimer(ITIMER_REAL, &once, NULL);
    E(poll, NULL, 0, -1);
    V(CALL(wait4, other, NULL, 0, NULL) == other);
    wait_for(writer);
}

static char own_stack[16384];
static stack_t during;

static void on_own_stack(int number)
{
    stack_t other = { own_stack, 0, 8192 };
    (void)number;
    E(sigaltstack, NULL, &during);
    V(during.ss_flags);
    E(sigaltstack, &other, NULL);
    E(sigaltstack, NOWHERE, NULL);
}

static void stacks(void)
{
    stack_t stack = { own_stack, 0, sizeof(own_stack) }, old, small = { own_stack, 0, 2047 }, least = { own_stack, 0, 2048 };
    stack_t wrong = { own_stack, 4, sizeof(own_stack) }, off = { own_stack, SS_DISABLE, 0 }, on = { own_stack, SS_ONSTACK, 16384 };
    stack_t both = { own_stack, SS_ONSTACK | SS_DISABLE, 16384 };
    struct sigaction act = { .sa_handler = on_own_stack, .sa_flags = SA_ONSTACK };
    sigaction(SIGUSR1, &act, NULL);
    E(sigaltstack, NULL, NULL);
    E(sigaltstack, NULL, &old);
    V(old.ss_flags);
    V(old.ss_size);
    E(sigaltstack, NOWHERE, NULL);
    E(sigaltstack, NULL, NOWHERE);
    E(sigaltstack, &small, NULL);
    E(sigaltstack, &least, NULL);
    E(sigaltstack, &wrong, NULL);
    E(sigaltstack, &both, NULL);
    E(sigaltstack, &off, &old);
    V(old.ss_size);
    V(old.ss_flags);
    E(sigaltstack, &on, NULL);
    E(sigaltstack, &stack, NOWHERE);
    E(sigaltstack, NULL, &old);
    V(old.ss_size);
    V(old.ss_flags);
    V(old.ss_sp == own_stack);
    E(kill, getpid(), SIGUSR1);
    E(sigaltstack, NULL, &old);
    V(old.ss_flags);
}

static void timers(void)
{
    struct itimerval timer = { { 1, 0 }, { 1000, 0 } }, old, wrong = { { 0, 1000000 }, { 0, 0 } }, negative = { { 0, 0 }, { -1, 0 } };
    struct itimerval off = { { 5, 0 }, { 0, 0 } }, back = { { 0, -1 }, { 0, 0 } };
    E(alarm, 0);
    E(getitimer, 3, &old);
    E(getitimer, -1, NOWHERE);
    E(getitimer, ITIMER_REAL, NOWHERE);
    E(getitimer, ITIMER_REAL, NULL);
    E(getitimer, ITIMER_REAL, &old);
    V(old.it_value.tv_sec + old.it_interval.tv_sec);
    E(setitimer, 3, &timer, &old);
    E(setitimer, 3, NOWHERE, &old);
    E(setitimer, ITIMER_REAL, NOWHERE, &old);
    E(setitimer, ITIMER_REAL, &wrong, &old);
    E(setitimer, ITIMER_REAL, &negative, &old);
    E(setitimer, ITIMER_REAL, &back, &old);
    E(setitimer, ITIMER_REAL, &timer, NOWHERE);
    E(getitimer, ITIMER_REAL, &old);
    V(old.it_value.tv_sec > 990);
    V(old.it_interval.tv_sec);
    E(alarm, 100);
    E(getitimer, ITIMER_REAL, &old);
    V(old.it_interval.tv_sec);
    E(alarm, 50);
    E(setitimer, ITIMER_REAL, &off, &old);
    V(old.it_value.tv_sec > 48);
    E(getitimer, ITIMER_REAL, &old);
    V(old.it_value.tv_sec);
    V(old.it_interval.tv_sec);
    E(setitimer, ITIMER_REAL, NULL, &old);
    E(alarm, 0);
    E(alarm, 0xffffffff);
    V(CALL(alarm, 0) > 1000000);
}

static void no_frame(void)
{
    asm volatile("mov $15, %%eax\n\txor %%esp, %%esp\n\tsyscall" ::: "rax", "memory");
}

static void no_restorer(void)
{
    struct sigaction act = { .sa_handler = hear };
    raw(SYS_rt_sigaction, SIGUSR1, (long)&act, 0, 8, 0, 0);
    raw(SYS_kill, getpid(), SIGUSR1, 0, 0, 0, 0);
}

static void frames(void)
{
    pid_t pid = split();
    if (pid == 0) {
        no_frame();
        _exit(0);
    }
    show_status("    rt_sigreturn() without a frame", wait_for(pid));
    pid = split();
    if (pid == 0) {
        no_restorer();
        _exit(0);
    }
    show_status("    a handler without a way back", wait_for(pid));
}

int main(void)
{
    begin_edges();
    group("sending", sending);
    group("actions and masks", actions);
    group("waiting", waiting);
    group("stacks", stacks);
    group("timers", timers);
    group("frames", frames);
    return 0;
}
