/* Signals: actions, masks, waiting for them, what comes with them, stacks for them, jumps out of them. */
#include "../pthreads/pthreads.h"

#include <setjmp.h>

static volatile sig_atomic_t count, depth, deepest, raised, last;
static siginfo_t kept;
static sigjmp_buf back;

static void counts(int number)
{
    last = number;
    count++;
}

static void keeps(int number, siginfo_t *info, void *context)
{
    (void)context;
    last = number;
    kept = *info;
}

static void install(int number, void (*function)(int), int flags)
{
    struct sigaction action = { .sa_handler = function, .sa_flags = flags };

    need(sigaction(number, &action, NULL), "sigaction");
}

static void install_info(int number, void (*function)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = function, .sa_flags = flags | SA_SIGINFO };

    need(sigaction(number, &action, NULL), "sigaction");
}

static sigset_t set_of(int a, int b)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, a);
    sigaddset(&set, b);
    return set;
}

/* --- actions and masks */

static void nests(int number)
{
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (++raised % 3)
        raise(number);
    depth--;
}

static void actions(void)
{
    struct sigaction was;
    sigset_t set = set_of(SIGUSR1, SIGUSR2), old, pending;

    install(SIGUSR1, counts, 0);
    raise(SIGUSR1);
    show("heard", count);
    install(SIGUSR1, counts, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &was);
    show("default after that", was.sa_handler == SIG_DFL);
    install(SIGUSR1, nests, SA_NODEFER);
    raise(SIGUSR1);
    show("nested", deepest);
    deepest = 0;
    install(SIGUSR1, nests, 0);
    raise(SIGUSR1);
    show("one after the other", deepest);
    install(SIGUSR1, counts, 0);
    install(SIGUSR2, counts, 0);
    sigprocmask(SIG_BLOCK, &set, &old);
    count = 0;
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR2);
    sigpending(&pending);
    show("pending", sigismember(&pending, SIGUSR1) + 2 * sigismember(&pending, SIGUSR2) + 4 * sigismember(&pending, SIGALRM));
    show("not heard", count);
    sigprocmask(SIG_SETMASK, &old, NULL);
    show("heard once each", count);
    show_call("of SIGKILL", sigaction(SIGKILL, &was, NULL));
    show_call("of 0", sigaction(0, NULL, &was));
    show_call("kill with 0", kill(getpid(), 0));
    show_call("kill with 65", kill(getpid(), 65));
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    show("ignored", count);
}

/* --- waiting for them */

static void waiting(void)
{
    sigset_t set = set_of(SIGUSR1, SIGRTMIN + 3);
    struct timespec none = { 0, 0 }, little = { 0, 10000000 };
    siginfo_t info;
    int number = 0;

    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, SIG_DFL);
    kill(getpid(), SIGUSR1);
    show_error("sigwait", sigwait(&set, &number));
    show("number", number);
    show_call("none there", sigtimedwait(&set, &info, &none));
    show_call("none came", sigtimedwait(&set, &info, &little));
    for (int i = 1; i <= 3; i++)
        sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i * 11 });
    sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 5 });
    for (int i = 0; i < 4; i++) {
        int got = sigwaitinfo(&set, &info);

        printf("sigwaitinfo: %s, code %d, value %d, by me %d\n", got == SIGUSR1 ? "USR1" : got == SIGRTMIN + 3 ? "RT" : "?", info.si_code,
               info.si_value.sival_int, info.si_pid == getpid());
    }
    show_call("sigqueue of 99", sigqueue(getpid(), 99, (union sigval){ 0 }));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    set = set_of(SIGUSR2, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    install(SIGUSR2, counts, 0);
    count = 0;
    raise(SIGUSR2);
    sigdelset(&set, SIGUSR2);
    show_call("sigsuspend", sigsuspend(&set));
    show("heard there", count);
    raise(SIGUSR2);
    show("blocked again", count);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    show("and now", count);
}

/* --- what a system call does that one interrupts */

static void interrupting(void)
{
    const struct itimerval soon = { { 0, 0 }, { 0, 5000 } };
    struct timespec time = { 10, 0 }, left = { 0, 0 };
    int ends[2];
    char c;

    need(pipe(ends), "pipe");
    install(SIGALRM, counts, 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    show_call("read", read(ends[0], &c, 1));
    setitimer(ITIMER_REAL, &soon, NULL);
    show_call("nanosleep", nanosleep(&time, &left));
    show("was left", left.tv_sec >= 5 && left.tv_sec < 10);
    setitimer(ITIMER_REAL, &soon, NULL);
    show_call("pause", pause());
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        usleep(20000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    install(SIGALRM, counts, SA_RESTART);
    count = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    show("read begins again", read(ends[0], &c, 1));
    show("heard meanwhile", count);
    waitpid(pid, NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

/* --- what comes with them */

static void faults(int number, siginfo_t *info, void *context)
{
    (void)context;
    last = number;
    kept = *info;
    siglongjmp(back, 1);
}

static void fault(const char *name, void (*function)(void))
{
    if (!sigsetjmp(back, 1))
        function();
    else
        printf("%s: signal %d, code %d\n", name, (int)last, kept.si_code);
}

static char *volatile page, *volatile nothing = (char *)16;

static void touches_nothing(void)
{
    *nothing = 1;
}

static void writes_what_is_read_only(void)
{
    page[100] = 1;
}

static void divides(void)
{
    __asm__ volatile("xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tcltd\n\tidivl %%ecx" ::: "eax", "ecx", "edx");
}

static void no_instruction(void)
{
    __asm__ volatile("ud2");
}

static void fault_kinds(void)
{
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 4; i++)
        install_info((int[]){ SIGSEGV, SIGFPE, SIGILL, SIGBUS }[i], faults, 0);
    fault("nothing there", touches_nothing);
    show("where", (long)kept.si_addr);
    fault("read only", writes_what_is_read_only);
    show("where", (char *)kept.si_addr - page);
    fault("division", divides);
    fault("instruction", no_instruction);
    fault("once more", touches_nothing);
    for (int i = 0; i < 4; i++)
        signal((int[]){ SIGSEGV, SIGFPE, SIGILL, SIGBUS }[i], SIG_DFL);
    munmap(page, 4096);
}

static _Noreturn void exits(void)
{
    _exit(7);
}

static void of_children(void)
{
    static void (*const ends[])(void) = { exits, abort };

    install_info(SIGCHLD, keeps, 0);
    for (int i = 0; i < 2; i++) {
        sigset_t set = set_of(SIGCHLD, SIGCHLD), old;

        fflush(stdout);
        sigprocmask(SIG_BLOCK, &set, &old);
        pid_t pid = fork();
        if (!pid)
            ends[i]();
        while (last != SIGCHLD)
            sigsuspend(&old);
        sigprocmask(SIG_SETMASK, &old, NULL);
        last = 0;
        printf("a child: code %d, status %d, its id %d\n", kept.si_code == CLD_DUMPED ? CLD_KILLED : kept.si_code, kept.si_status,
               kept.si_pid == pid);
        waitpid(pid, NULL, 0);
    }
    signal(SIGCHLD, SIG_DFL);
}

/* --- stacks for them */

static char other_stack[65536];
static volatile int on_other, rounds, deep = 1 << 30;

static void out_of_stack(int number)
{
    char here;

    (void)number;
    on_other = &here >= other_stack && &here < other_stack + sizeof(other_stack);
    siglongjmp(back, 1);
}

static int __attribute__((noinline)) recurse(int n)
{
    volatile char room[4096];

    room[0] = (char)n;
    return n > deep ? 0 : recurse(n + 1) + room[0];
}

static void stacks(void)
{
    stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) }, was;

    need(sigaltstack(&stack, NULL), "sigaltstack");
    install(SIGSEGV, out_of_stack, SA_ONSTACK);
    for (rounds = 0; rounds < 3; rounds++) {
        if (!sigsetjmp(back, 1))
            recurse(0);
        show("out of stack, heard on the other", on_other);
    }
    sigaltstack(NULL, &was);
    show("not in use", !(was.ss_flags & SS_ONSTACK) && was.ss_sp == (void *)other_stack);
    stack.ss_size = 100;
    show_call("too small", sigaltstack(&stack, NULL));
    stack = (stack_t){ .ss_flags = SS_DISABLE };
    show_call("off", sigaltstack(&stack, NULL));
    signal(SIGSEGV, SIG_DFL);
}

/* --- jumps */

static jmp_buf plain;

static int __attribute__((noinline)) down(int n)
{
    if (n == 20)
        longjmp(plain, 42);
    return n > deep ? 0 : down(n + 1) + 1;
}

static void jumps(void)
{
    volatile int kept_number = 1;
    sigset_t set = set_of(SIGUSR1, SIGUSR1), now;
    int result = setjmp(plain);

    if (!result) {
        kept_number = 2;
        down(0);
    }
    show("longjmp", result);
    show("kept", kept_number);
    sigemptyset(&now);
    sigprocmask(SIG_SETMASK, &now, NULL);
    if (!sigsetjmp(back, 1)) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        siglongjmp(back, 1);
    }
    sigprocmask(SIG_SETMASK, NULL, &now);
    show("mask as it was", sigismember(&now, SIGUSR1));
    if (!sigsetjmp(back, 0)) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        siglongjmp(back, 1);
    }
    sigprocmask(SIG_SETMASK, NULL, &now);
    show("mask left alone", sigismember(&now, SIGUSR1));
    sigemptyset(&now);
    sigprocmask(SIG_SETMASK, &now, NULL);
}

int main(void)
{
    actions();
    waiting();
    interrupting();
    fault_kinds();
    of_children();
    stacks();
    jumps();
    return 0;
}
