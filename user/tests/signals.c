/* Signals: handlers, masks, what is pending, alternate stacks, what a fault says of itself, interrupted calls, timers, default actions. */

#include "show.h"

#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile int count, last, code, in_handler_masked;
static volatile pid_t sender;
static void *volatile address;
static sigjmp_buf back;

static void counting(int number)
{
    count++;
    last = number;
}

static void informed(int number, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last = number;
    code = info->si_code;
    sender = info->si_pid;
    address = info->si_addr;
}

static void handle(int number, void (*handler)(int), unsigned long flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    sigaction(number, &action, NULL);
    count = last = 0;
}

static sigset_t set_of(int number)
{
    return 1ul << (number - 1);
}

static void handlers(void)
{
    handle(SIGUSR1, counting, 0);
    raise(SIGUSR1);
    raise(SIGUSR1);
    show("handled", count);
    show("which", last);
    struct sigaction old;
    sigaction(SIGUSR1, NULL, &old);
    show_true("sigaction tells the handler", old.sa_handler == counting);
    handle(SIGUSR1, counting, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &old);
    show_true("SA_RESETHAND", count == 1 && old.sa_handler == SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    show("raise of an ignored one", raise(SIGUSR1));
    show_call("a handler for SIGKILL", sigaction(SIGKILL, &old, NULL));
    show_call("a handler for SIGSTOP", sigaction(SIGSTOP, &old, NULL));
    show_call("SIGKILL, asked only", sigaction(SIGKILL, NULL, &old));
    show_call("a handler for 65", sigaction(65, &old, NULL));
    show_call("a handler for 0", sigaction(0, &old, NULL));
    show_call("kill with 65", kill(getpid(), 65));
    show_call("kill with -1", kill(getpid(), -1));
    show_call("kill with 0", kill(getpid(), 0));
    show_call("tgkill of nobody", tgkill(getpid(), 999999, 0));
    show_call("tgkill of 0", tgkill(0, getpid(), 0));
}

static void masks(void)
{
    sigset_t set = set_of(SIGUSR1) | set_of(SIGKILL) | set_of(SIGSTOP), old, pending;
    handle(SIGUSR1, counting, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigprocmask(SIG_BLOCK, NULL, &old);
    show_true("the mask is without KILL and STOP", old == set_of(SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR1);
    show("while blocked", count);
    sigpending(&pending);
    show_true("pending", pending == set_of(SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    show("three become one", count);
    sigpending(&pending);
    show("pending then", pending);
    handle(SIGRTMIN + 2, counting, 0);
    set = set_of(SIGRTMIN + 2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++)
        raise(SIGRTMIN + 2);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    show("real-time ones are counted", count);
    show_call("a bad how", sigprocmask(9, &set, NULL));
    handle(SIGUSR1, counting, 0);
    set = set_of(SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN); /* a pending signal that becomes ignored is gone */
    signal(SIGUSR1, counting);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    show("ignored while pending", count);
    pid_t pid = split();
    if (pid == 0) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGUSR1);
        pid_t grandchild = split();
        if (grandchild == 0) {
            sigpending(&pending);
            sigprocmask(SIG_BLOCK, NULL, &old);
            show("pending in a child", pending);
            show_true("its mask is the parent's", old == set);
            done(0);
        }
        wait_for(grandchild);
        done(0);
    }
    wait_for(pid);
}

static void nested(int number)
{
    sigset_t now;
    count++;
    sigprocmask(SIG_BLOCK, NULL, &now);
    in_handler_masked = sigismember(&now, number) + 2 * sigismember(&now, SIGUSR2);
    if (count == 1) {
        raise(number);
        last = count;
    }
}

static void masks_of_handlers(void)
{
    struct sigaction action = { .sa_handler = nested, .sa_mask = set_of(SIGUSR2) };
    count = 0;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    show("masked in the handler", in_handler_masked);
    show("not within itself", last);
    show("but after", count);
    action.sa_flags = SA_NODEFER;
    count = 0;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    show("with SA_NODEFER within itself", last);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    show("the mask afterwards", now);
}

static void information(void)
{
    struct sigaction action = { .sa_sigaction = informed, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &action, NULL);
    kill(getpid(), SIGUSR1);
    show_true("kill: SI_USER", code == SI_USER && sender == getpid());
    raise(SIGUSR1);
    show_true("tgkill: SI_TKILL", code == SI_TKILL && sender == getpid());
    sigaction(SIGCHLD, &action, NULL);
    sigset_t none = 0, chld = set_of(SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    count = 0;
    pid_t pid = split();
    if (pid == 0)
        _exit(3);
    while (count == 0)
        sigsuspend(&none);
    show_true("SIGCHLD: who and how", sender == pid && code == CLD_EXITED);
    wait_for(pid);
    count = 0;
    if ((pid = split()) == 0) {
        raise(SIGKILL);
        _exit(0);
    }
    while (count == 0)
        sigsuspend(&none);
    show_true("SIGCHLD: killed", sender == pid && code == CLD_KILLED);
    wait_for(pid);
    sigprocmask(SIG_UNBLOCK, &chld, NULL);
    signal(SIGCHLD, SIG_DFL);
}

static void fault(int number, siginfo_t *info, void *context)
{
    informed(number, info, context);
    siglongjmp(back, 1);
}

static void show_fault(const char *name)
{
    printf("%s: %s, code %d\n", name, strsignal(last), code);
}

static void faults(void)
{
    struct sigaction action = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    char *readable = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(back, 1))
        *(volatile char *)0x1234 = 1;
    show_fault("no memory there");
    show_true("its address", address == (void *)0x1234);
    if (!sigsetjmp(back, 1))
        *(volatile char *)(readable + 17) = 1;
    show_fault("not writable");
    show_true("its address", address == readable + 17);
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)0xffffffff80000000;
    show_fault("the kernel's memory");
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)0x8000000000000000;
    show_fault("no address at all");
    if (!sigsetjmp(back, 1))
        ((void (*)(void))readable)();
    show_fault("not executable");
    show_true("its address", address == readable);
    if (!sigsetjmp(back, 1))
        asm volatile("idivl %0" : : "r"(0), "a"(1), "d"(0));
    show_fault("division by zero");
    if (!sigsetjmp(back, 1))
        asm volatile("ud2");
    show_fault("no instruction");
    if (!sigsetjmp(back, 1))
        asm volatile("cli");
    show_fault("a privileged instruction");
    if (!sigsetjmp(back, 1))
        asm volatile("int3");
    printf("breakpoint: %s\n", strsignal(last));
    munmap(readable, 4096);
    for (int i = 0; i < 2; i++)
        signal(i ? SIGSEGV : SIGFPE, SIG_DFL);
    pid_t pid = split();
    if (pid == 0) {
        signal(SIGSEGV, SIG_IGN); /* a fault is not ignored */
        *(volatile char *)0x1234 = 1;
        _exit(1);
    }
    show_status("a fault that is ignored", wait_for(pid));
    pid = split();
    if (pid == 0) {
        sigset_t set = set_of(SIGSEGV);
        sigprocmask(SIG_BLOCK, &set, NULL);
        *(volatile char *)0x1234 = 1;
        _exit(1);
    }
    show_status("a fault that is blocked", wait_for(pid));
}

static void *volatile where;

static void on_stack(int number)
{
    stack_t now;
    (void)number;
    where = &now;
    sigaltstack(NULL, &now);
    code = now.ss_flags;
}

static void stack_fault(int number)
{
    on_stack(number);
    siglongjmp(back, 1);
}

static int deeper(volatile char *above)
{
    volatile char room[4096];
    room[0] = above ? above[0] : 0;
    return count < 0 ? 0 : deeper(room) + room[0]; /* count is never negative */
}

static void alternate_stacks(void)
{
    static char stack[16384];
    stack_t new = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;
    show("sigaltstack", sigaltstack(&new, &old));
    show("before: disabled", old.ss_flags);
    handle(SIGUSR1, on_stack, SA_ONSTACK);
    raise(SIGUSR1);
    show_true("the handler runs there", (char *)where >= stack && (char *)where < stack + sizeof(stack));
    show("flags there", code);
    handle(SIGUSR1, on_stack, 0);
    raise(SIGUSR1);
    show_true("without SA_ONSTACK it does not", (char *)where < stack || (char *)where >= stack + sizeof(stack));
    new.ss_size = 100;
    show_call("too small a stack", sigaltstack(&new, NULL));
    new.ss_size = sizeof(stack);
    new.ss_flags = 77;
    show_call("bad flags", sigaltstack(&new, NULL));
    pid_t pid = split();
    if (pid == 0) {
        setrlimit(RLIMIT_STACK, &(struct rlimit){ 256 * 1024, 256 * 1024 });
        handle(SIGSEGV, stack_fault, SA_ONSTACK);
        if (!sigsetjmp(back, 1))
            deeper(NULL);
        show_true("an overflown stack is survived there", (char *)where >= stack && (char *)where < stack + sizeof(stack));
        done(0);
    }
    wait_for(pid);
    new.ss_flags = SS_DISABLE;
    show("disabled", sigaltstack(&new, NULL));
}

/* A child that sends the parent a signal a little later, and a byte after it. */
static pid_t signal_later(int number, int fd)
{
    pid_t pid = split();
    if (pid == 0) {
        usleep(30000);
        kill(getppid(), number);
        usleep(30000);
        if (fd >= 0)
            write(fd, "z", 1);
        _exit(0);
    }
    return pid;
}

static void interrupted(void)
{
    int fds[2];
    char c = 0;
    pipe(fds);
    handle(SIGUSR1, counting, 0);
    pid_t pid = signal_later(SIGUSR1, fds[1]);
    show_call("read, interrupted", read(fds[0], &c, 1));
    wait_for(pid);
    show_call("read, not interrupted", read(fds[0], &c, 1));
    handle(SIGUSR1, counting, SA_RESTART);
    pid = signal_later(SIGUSR1, fds[1]);
    show_call("read with SA_RESTART", read(fds[0], &c, 1));
    show("the handler ran", count);
    wait_for(pid);
    pid = signal_later(SIGUSR1, -1);
    show_call("pause", pause());
    wait_for(pid);
    struct timespec time = { 10, 0 }, left = { 0, 0 };
    pid = signal_later(SIGUSR1, -1);
    show_call("nanosleep", nanosleep(&time, &left));
    show_true("what is left", left.tv_sec == 9);
    wait_for(pid);
    signal(SIGUSR1, SIG_IGN);
    pid = signal_later(SIGUSR1, fds[1]);
    show_call("read, an ignored signal", read(fds[0], &c, 1));
    wait_for(pid);
    handle(SIGUSR1, counting, 0);
    int to_child[2];
    pipe(to_child);
    pid_t sleeper = split();
    if (sleeper == 0) {
        close(to_child[1]);
        read(to_child[0], &c, 1);
        _exit(6);
    }
    close(to_child[0]);
    if (split() == 0) {
        usleep(30000);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    int status;
    show_call("waitpid, interrupted", waitpid(sleeper, &status, 0));
    close(to_child[1]);
    show_status("then", wait_for(sleeper));
    wait(NULL);
    close(fds[0]);
    close(fds[1]);
}

static void suspended(void)
{
    sigset_t usr1 = set_of(SIGUSR1), none = 0, now;
    handle(SIGUSR1, counting, 0);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    raise(SIGUSR1);
    show_call("sigsuspend", sigsuspend(&none));
    show("the handler ran", count);
    sigprocmask(SIG_BLOCK, NULL, &now);
    show_true("the mask is back", now == usr1);
    raise(SIGUSR1);
    siginfo_t info;
    show("sigtimedwait", sigtimedwait(&usr1, &info, NULL));
    show_true("its information", info.si_signo == SIGUSR1 && info.si_pid == getpid());
    show_call("sigtimedwait for nothing", sigtimedwait(&usr1, NULL, &(struct timespec){ 0, 1000 }));
    show("handler not run", count);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

static void timers(void)
{
    handle(SIGALRM, counting, 0);
    show("alarm", alarm(100));
    show("alarm again", alarm(0));
    struct itimerval timer = { { 0, 0 }, { 0, 10000 } }, now;
    setitimer(ITIMER_REAL, &timer, NULL);
    pause();
    show("after setitimer", count);
    getitimer(ITIMER_REAL, &now);
    show("it is over", now.it_value.tv_sec + now.it_value.tv_usec);
    timer.it_interval.tv_usec = 5000;
    setitimer(ITIMER_REAL, &timer, NULL);
    while (count < 4)
        pause();
    show_true("an interval goes on", count >= 4);
    timer = (struct itimerval){ { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &timer, &now);
    show("its interval was", now.it_interval.tv_usec);
    show_call("a bad timer", setitimer(7, &timer, NULL));
    timer.it_value.tv_usec = 1000000;
    show_call("a million us", setitimer(ITIMER_REAL, &timer, NULL));
    alarm(50);
    pid_t pid = split();
    if (pid == 0)
        done(alarm(0));
    show_status("a child has no alarm", wait_for(pid));
    alarm(0);
    pid = split();
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 1000 } }, NULL);
        for (;;)
            sched_yield();
    }
    show_status("nobody handles it", wait_for(pid));
}

static void defaults(void)
{
    for (int number = 1; number < SIGRTMIN; number++) {
        if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
            continue;
        pid_t pid = split();
        if (pid == 0) {
            signal(number, SIG_DFL);
            raise(number);
            _exit(50);
        }
        show_status(signal_name(number), wait_for(pid));
    }
}

static volatile double result;

static void spoil(int number)
{
    (void)number;
    asm volatile("pxor %%xmm0, %%xmm0; pxor %%xmm7, %%xmm7; fninit" : : : "xmm0", "xmm7");
    count++;
}

/* Registers, floating point ones too, are after a handler what they were before; whenever it runs. */
static void registers(void)
{
    handle(SIGALRM, spoil, 0);
    struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    long wrong = 0;
    while (count < 20) {
        unsigned long sum = 0;
        double real = 0;
        for (int i = 0; i < 10000; i++) {
            sum += i * 3;
            real += i * 0.5;
        }
        wrong += sum != 149985000 || real != 24997500.0;
        result = real;
    }
    timer = (struct itimerval){ { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    show("sums that came out wrong", wrong);
}

int main(void)
{
    begin();
    handlers();
    masks();
    masks_of_handlers();
    information();
    faults();
    alternate_stacks();
    interrupted();
    suspended();
    timers();
    registers();
    defaults();
    return 0;
}
