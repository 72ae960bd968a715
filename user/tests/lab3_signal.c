/* Lab 3.8: signals. No pipes: they are another exercise. */

#include "lab3.h"

#include <setjmp.h>
#include <sys/time.h>

static char seen[200];
static volatile int count;

static void note(int number)
{
    sprintf(seen + strlen(seen), " %d", number);
    count++;
}

static sigset_t set_of(int number)
{
    return 1ul << (number - 1);
}

static void handle(int number, void (*handler)(int), unsigned long flags, sigset_t mask)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags, .sa_mask = mask };
    sigaction(number, &action, NULL);
}

static void show_seen(const char *name)
{
    printf("%s:%s\n", name, seen);
    seen[0] = 0;
}

/* Each handler keeps out the others, so that they run in the order in which the signals are taken. */
static void lowest_first(void)
{
    static const int numbers[] = { SIGTERM, SIGRTMIN + 5, SIGUSR2, SIGHUP, SIGRTMIN + 1, SIGUSR1, 64 };
    sigset_t all = ~0ul;
    for (unsigned i = 0; i < 7; i++)
        handle(numbers[i], note, 0, all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (unsigned i = 0; i < 7; i++)
        raise(numbers[i]);
    show_seen("while blocked");
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    show_seen("taken");
}

static void only_unblocked(void)
{
    sigset_t usr = set_of(SIGUSR1) | set_of(SIGUSR2), pending;
    handle(SIGUSR1, note, 0, 0);
    handle(SIGUSR2, note, 0, 0);
    sigprocmask(SIG_BLOCK, &usr, NULL);
    raise(SIGUSR1);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    show_seen("while blocked");
    usr = set_of(SIGUSR2);
    sigprocmask(SIG_UNBLOCK, &usr, NULL);
    show_seen("one unblocked");
    sigpending(&pending);
    show_true("the other one is pending", pending == set_of(SIGUSR1));
    usr = set_of(SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &usr, NULL);
    show_seen("three that became one");
    sigpending(&pending);
    show("pending", pending);
    raise(SIGUSR1);
    show_seen("once more");
}

static void counted(void)
{
    sigset_t set = set_of(SIGRTMIN) | set_of(64);
    handle(SIGRTMIN, note, 0, ~0ul);
    handle(64, note, 0, ~0ul);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++) {
        raise(64);
        raise(SIGRTMIN);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    show_seen("each as often as it came");
    raise(64);
    show_seen("and once");
}

static void ignored(void)
{
    static const int by_default[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };
    for (int i = 0; i < 4; i++)
        show("by default, still here", raise(by_default[i]));
    handle(SIGWINCH, note, 0, 0);
    handle(SIGCHLD, note, 0, 0);
    raise(SIGWINCH);
    raise(SIGCHLD);
    show_seen("with handlers");
    handle(SIGTERM, SIG_IGN, 0, 0);
    handle(SIGRTMIN + 3, SIG_IGN, 0, 0);
    raise(SIGTERM);
    raise(SIGRTMIN + 3);
    show_seen("ignored by wish");
    sigset_t usr1 = set_of(SIGUSR1), pending;
    handle(SIGUSR1, note, 0, 0);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&pending);
    show("pending when it became ignored", pending);
    raise(SIGUSR1); /* blocked as well: kept, for who knows what will be when it is not blocked any more */
    sigpending(&pending);
    show_true("ignored and blocked: pending", pending == usr1);
    signal(SIGUSR1, note);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    show_seen("with a handler by then");
}

static void ends_by(void *number)
{
    raise((int)(long)number);
    _exit(50);
}

static void ended(void)
{
    static const int deadly[] = { SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGPIPE, SIGALRM, SIGTERM, SIGIO, SIGRTMIN, 64 };
    for (unsigned i = 0; i < sizeof(deadly) / sizeof(*deadly); i++) {
        char name[20];
        sprintf(name, "signal %d", deadly[i]);
        show_child(name, ends_by, (void *)(long)deadly[i]);
    }
}

/* A signal that nobody blocks ends a program that never calls the kernel, and one that sleeps. */
static void from_outside(void)
{
    volatile long *step = shared_numbers();
    for (int sleeps = 0; sleeps < 2; sleeps++) {
        *step = 0;
        pid_t pid = split();
        if (pid == 0) {
            *step = 1;
            for (;;)
                if (sleeps)
                    pause();
        }
        until(step, 1);
        usleep(20000);
        kill(pid, SIGTERM);
        show_status(sleeps ? "it slept" : "it computed", wait_for(pid));
    }
}

/* KILL is before all others, and is not blocked; of the others a lower one has a handler that would say so. */
static void kill_first(void)
{
    volatile long *step = shared_numbers();
    pid_t pid = split();
    if (pid == 0) {
        sigset_t all = ~0ul;
        sigprocmask(SIG_BLOCK, &all, NULL);
        signal(SIGKILL, SIG_IGN);
        *step = 1;
        for (;;)
            usleep(1000);
    }
    until(step, 1);
    kill(pid, SIGHUP);
    kill(pid, SIGUSR1);
    kill(pid, SIGKILL);
    show_status("with all blocked", wait_for(pid));
    pid = split();
    if (pid == 0) {
        sigset_t all = ~0ul;
        raise(SIGSTOP);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        _exit(1);
    }
    int status;
    waitpid(pid, &status, WUNTRACED);
    show_status("first", status);
    kill(pid, SIGHUP); /* lower, and deadly, too */
    kill(pid, SIGTERM);
    show("stopped, it hears nothing", waitpid(pid, &status, WNOHANG));
    kill(pid, SIGKILL);
    show_status("but this", wait_for(pid));
}

static siginfo_t got;

static void informed(int number, siginfo_t *info, void *context)
{
    (void)context;
    got = *info;
    note(number);
}

static void information(void)
{
    struct sigaction action = { .sa_sigaction = informed, .sa_flags = SA_SIGINFO, .sa_mask = ~0ul };
    sigset_t both = set_of(SIGUSR1) | set_of(SIGCHLD), none = 0;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_BLOCK, &both, NULL);
    pid_t pid = split();
    if (pid == 0) {
        kill(getppid(), SIGUSR1);
        _exit(3);
    }
    while (count < 1)
        sigsuspend(&none);
    show_true("who sent it", got.si_signo == SIGUSR1 && got.si_code == SI_USER && got.si_pid == pid);
    while (count < 2)
        sigsuspend(&none);
    show_true("which child, and how it ended",
              got.si_signo == SIGCHLD && got.si_code == CLD_EXITED && got.si_pid == pid && got.si_status == 3);
    wait_for(pid);
    raise(SIGUSR1);
    sigsuspend(&none);
    show_true("sent by itself", got.si_code == SI_TKILL && got.si_pid == getpid());
}

static void stopped(void)
{
    static const int signals[] = { SIGSTOP, SIGTSTP };
    volatile long *heard = shared_numbers();
    for (int i = 0; i < 2; i++) {
        pid_t pid = split();
        int status;
        if (pid == 0) {
            setpgid(0, 0); /* a group that nobody outside looks after is not stopped by SIGTSTP */
            signal(SIGSTOP, SIG_IGN); /* is refused */
            raise(signals[i]);
            until(heard, i + 1);
            _exit(4);
        }
        waitpid(pid, &status, WUNTRACED);
        show_status("its parent hears", status);
        kill(pid, SIGCONT);
        waitpid(pid, &status, WCONTINUED);
        show_status("and", status);
        *heard = i + 1;
        show_status("and", wait_for(pid));
    }
}

static char other[32768];
static char *program;

/* What a program finds that was called with a handler, an ignored signal, one that is blocked and pending, and a stack for signals. */
static void new_program(void)
{
    struct sigaction action;
    sigset_t set;
    stack_t stack;
    sigaction(SIGUSR1, NULL, &action);
    show_true("after exec, what had a handler has none", action.sa_handler == SIG_DFL && !action.sa_mask);
    sigaction(SIGUSR2, NULL, &action);
    show_true("what was ignored is", action.sa_handler == SIG_IGN);
    sigprocmask(SIG_BLOCK, NULL, &set);
    show_true("what was blocked is", set == set_of(SIGHUP));
    sigpending(&set);
    show_true("what was pending is", set == set_of(SIGHUP));
    sigaltstack(NULL, &stack);
    show_true("no stack for signals", stack.ss_flags == SS_DISABLE);
}

static void after_exec(void)
{
    char *const arguments[] = { program, "after_exec", "new", NULL };
    stack_t stack = { .ss_sp = other, .ss_size = sizeof(other) };
    sigset_t hup = set_of(SIGHUP);
    sigaltstack(&stack, NULL);
    handle(SIGUSR1, note, SA_ONSTACK, ~0ul);
    handle(SIGUSR2, SIG_IGN, 0, 0);
    sigprocmask(SIG_BLOCK, &hup, NULL);
    raise(SIGHUP);
    fflush(stdout);
    execv(program, arguments);
    perror(program);
}

/* --- 3.8b --- */

static char *volatile where;
static volatile int flags_there;

static int on_other(const char *at)
{
    return at >= other && at < other + sizeof(other);
}

static void on_which(int number)
{
    stack_t now;
    note(number);
    where = (char *)&now;
    sigaltstack(NULL, &now);
    flags_there = now.ss_flags;
}

static void other_stack(void)
{
    stack_t new = { .ss_sp = other, .ss_size = sizeof(other) };
    handle(SIGUSR1, on_which, SA_ONSTACK, 0);
    raise(SIGUSR1);
    show_true("without one, on its own", !on_other(where));
    sigaltstack(&new, NULL);
    raise(SIGUSR1);
    show_true("there", on_other(where));
    show_true("at its end", where > other + sizeof(other) - 4096);
    show("it knows", flags_there);
    handle(SIGUSR1, on_which, 0, 0);
    raise(SIGUSR1);
    show_true("who does not ask for it, on its own", !on_other(where));
    show("it knows", flags_there);
    new.ss_flags = SS_DISABLE;
    sigaltstack(&new, NULL);
    handle(SIGUSR1, on_which, SA_ONSTACK, 0);
    raise(SIGUSR1);
    show_true("taken away, on its own", !on_other(where));
    show_seen("handled");
}

/* A handler on the other stack is interrupted by one: it goes on below, and spoils nothing. */
static void inner(int number)
{
    volatile char room[3000];
    memset((char *)room, 0xee, sizeof(room));
    on_which(number);
}

static void outer(int number)
{
    volatile char mine[2000];
    char *at = (char *)mine;
    int wrong = 0;
    memset(at, 0x11, sizeof(mine));
    raise(SIGUSR2);
    for (unsigned i = 0; i < sizeof(mine); i++)
        wrong += mine[i] != 0x11;
    note(number);
    show("what changed in the outer one", wrong);
    show_true("the inner one ran below it", on_other(where) && where < at);
}

static void nested(void)
{
    stack_t new = { .ss_sp = other, .ss_size = sizeof(other) };
    sigaltstack(&new, NULL);
    handle(SIGUSR1, outer, SA_ONSTACK, 0);
    handle(SIGUSR2, inner, SA_ONSTACK, 0);
    raise(SIGUSR1);
    handle(SIGUSR2, inner, 0, 0); /* does not ask for that stack, and is on it */
    raise(SIGUSR1);
    show_seen("handled");
}

static sigjmp_buf back;

static void overflown(int number)
{
    on_which(number);
    siglongjmp(back, 1);
}

static int deeper(volatile char *above, int n)
{
    volatile char room[4096];
    room[0] = above ? above[0] : 0;
    return n ? deeper(room, n - 1) + room[0] : 0;
}

static void no_stack_left(void)
{
    stack_t new = { .ss_sp = other, .ss_size = sizeof(other) };
    setrlimit(RLIMIT_STACK, &(struct rlimit){ 256 * 1024, 256 * 1024 });
    pid_t pid = split();
    if (pid == 0) {
        handle(SIGSEGV, overflown, 0, 0);
        deeper(NULL, 1000000);
        _exit(1);
    }
    show_status("a handler without a stack", wait_for(pid));
    sigaltstack(&new, NULL);
    handle(SIGSEGV, overflown, SA_ONSTACK, 0);
    if (!sigsetjmp(back, 1))
        deeper(NULL, 1000000);
    show_true("on the other one it runs", on_other(where));
}

/* kill(pid, signal) from a function that keeps 16 words below its stack pointer, as the ABI allows. Returns how many changed. */
static long below_the_stack_pointer(int pid, int signal)
{
    register long number asm("rax") = 62;
    register long who asm("rdi") = pid;
    register long what asm("rsi") = signal;
    long wrong = 0;
    asm volatile("mov $16, %%r8d\n"
                 "1: mov %%r8, %%r9\n"
                 "neg %%r9\n"
                 "mov %%r8, (%%rsp,%%r9,8)\n"
                 "dec %%r8\n"
                 "jnz 1b\n"
                 "syscall\n"
                 "mov $16, %%r8d\n"
                 "2: mov %%r8, %%r9\n"
                 "neg %%r9\n"
                 "cmp %%r8, (%%rsp,%%r9,8)\n"
                 "je 3f\n"
                 "inc %%rdx\n"
                 "3: dec %%r8\n"
                 "jnz 2b\n"
                 : "+d"(wrong), "+r"(number), "+r"(who), "+r"(what) : : "r8", "r9", "rcx", "r11", "memory");
    return wrong;
}

/* A leaf that calls nobody: the compiler must not put its own things there. */
static void red_zone(void)
{
    handle(SIGUSR1, note, 0, 0);
    show("words that changed", below_the_stack_pointer(getpid(), SIGUSR1));
    show_seen("handled");
}

static void interrupted_handler(int number)
{
    note(number);
    show("words of a handler that changed", below_the_stack_pointer(getpid(), SIGUSR2));
}

/* A handler is a function like any other: it is interrupted on the program's stack, and on the one for signals, by one that asks for that
   stack and by one that does not. */
static void red_zone_of_a_handler(void)
{
    stack_t new = { .ss_sp = other, .ss_size = sizeof(other) };
    sigaltstack(&new, NULL);
    for (int flags = 0; flags < 4; flags++) {
        if (flags == 1)
            continue; /* the inner one alone on the stack for signals: nothing is below anything */
        handle(SIGUSR1, interrupted_handler, flags & 2 ? SA_ONSTACK : 0, 0);
        handle(SIGUSR2, note, flags & 1 ? SA_ONSTACK : 0, 0);
        raise(SIGUSR1);
    }
    show_seen("handled");
}

/* A child that sends the parent a signal while it waits for the child, and ends later. */
static pid_t signals_parent(int number)
{
    pid_t pid = split();
    if (pid == 0) {
        usleep(30000);
        kill(getppid(), number);
        usleep(30000);
        _exit(8);
    }
    return pid;
}

static void show_interrupted(const char *name, unsigned long flags)
{
    int status = 0;
    handle(SIGUSR1, note, flags, 0);
    pid_t pid = signals_parent(SIGUSR1), waited = waitpid(pid, &status, 0);
    printf("%s: %s,", name, waited == pid ? "it goes on" : strerror(errno));
    printf("%s\n", seen);
    seen[0] = 0;
    if (waited != pid)
        wait_for(pid);
}

static void begins_again(void)
{
    show_interrupted("without SA_RESTART", 0);
    show_interrupted("with it", SA_RESTART);
    show_interrupted("without it", 0);
    show_interrupted("with all but it", SA_ONSTACK | SA_NODEFER | SA_SIGINFO | SA_NOCLDSTOP);
    show_interrupted("with all", SA_RESTART | SA_ONSTACK | SA_NODEFER | SA_SIGINFO | SA_NOCLDSTOP);
    signal(SIGUSR1, SIG_IGN);
    int status;
    pid_t pid = signals_parent(SIGUSR1);
    show_true("ignored, nothing happens", waitpid(pid, &status, 0) == pid);
}

static void never_again(void)
{
    sigset_t usr1 = set_of(SIGUSR1), none = 0, now;
    handle(SIGUSR1, note, SA_RESTART, 0);
    pid_t pid = signals_parent(SIGUSR1);
    show_call("pause", pause());
    wait_for(pid);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    pid = signals_parent(SIGUSR1);
    show_call("sigsuspend", sigsuspend(&none));
    sigprocmask(SIG_BLOCK, NULL, &now);
    show_true("the mask is back", now == usr1);
    wait_for(pid);
    show_seen("handled");
}

/* Stopped and continued while it waits: no handler runs, so the program notices nothing, whatever it waits in. */
static void stopped_meanwhile(void)
{
    for (int pauses = 0; pauses < 2; pauses++) {
        int status;
        pid_t pid = split();
        if (pid == 0) {
            if (pauses) {
                handle(SIGALRM, note, 0, 0);
                setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 100000 } }, NULL);
                pause();
                _exit(count == 1 ? 9 : 1);
            }
            pid_t child = signals_parent(SIGWINCH);
            _exit(waitpid(child, &status, 0) == child ? 9 : 1);
        }
        usleep(10000);
        kill(pid, SIGSTOP);
        waitpid(pid, &status, WUNTRACED);
        show_status("it waits and", status);
        kill(pid, SIGCONT);
        show_status("goes on, to the end", wait_for(pid));
    }
}

/* -512 in rax means nothing where no system call was interrupted. */
static void no_call(void)
{
    long value = -512;
    handle(SIGTRAP, note, SA_RESTART, 0);
    asm volatile("int3" : "+a"(value));
    show("in rax, as it was", value);
    value = -514;
    asm volatile("int3" : "+a"(value));
    show("in rax, as it was", value);
    show_seen("handled");
}

static const struct part parts[] = {
    { "lowest_first", lowest_first }, { "only_unblocked", only_unblocked }, { "counted", counted }, { "ignored", ignored },
    { "ended", ended }, { "from_outside", from_outside }, { "kill_first", kill_first }, { "information", information },
    { "stopped", stopped }, { "after_exec", after_exec },
    { "other_stack", other_stack }, { "nested", nested }, { "no_stack_left", no_stack_left },
    { "red_zone", red_zone }, { "red_zone_of_a_handler", red_zone_of_a_handler }, { "begins_again", begins_again },
    { "never_again", never_again }, { "stopped_meanwhile", stopped_meanwhile }, { "no_call", no_call },
};

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 2) {
        new_program();
        return 0;
    }
    return run_parts(argc, argv, parts, sizeof(parts) / sizeof(*parts));
}
