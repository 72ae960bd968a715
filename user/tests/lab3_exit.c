/* Lab 3.6: exit, wait, orphans. */

#include "lab3.h"

#include <sys/time.h>

static pid_t ending(int status)
{
    pid_t pid = split();
    if (pid == 0)
        _exit(status);
    return pid;
}

static pid_t sleeper(void)
{
    pid_t pid = split();
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

/* Waits with a value in the status that shows whether it was written. */
static void show_wait(const char *name, pid_t pid, int options, pid_t expected)
{
    int status = 0x5a5a5a;
    pid_t got = waitpid(pid, &status, options);
    if (got > 0)
        printf("%s: %s, %#x\n", name, got == expected ? "the right one" : "another one", status);
    else
        printf("%s: %s, %#x\n", name, got ? strerror(errno) : "nobody yet", status);
}

static void statuses(void)
{
    static const int codes[] = { 0, 7, 255, 256 + 3, -1 };
    for (unsigned i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        pid_t pid = ending(codes[i]);
        show_wait("exit", pid, 0, pid);
    }
    pid_t pid = sleeper();
    kill(pid, SIGKILL);
    show_wait("killed", pid, 0, pid);
    pid = ending(9);
    show("no status wanted", waitpid(pid, NULL, 0) == pid);
}

static void chosen(void)
{
    volatile long *dead = shared_numbers();
    pid_t pid[3];
    for (int i = 0; i < 3; i++) {
        pid[i] = split();
        if (pid[i] == 0) {
            until(dead, i);
            *dead = i + 1;
            _exit(i + 1);
        }
    }
    show_wait("the last one first", pid[2], 0, pid[2]);
    show_wait("then the first", pid[0], 0, pid[0]);
    show_wait("any", -1, 0, pid[1]);
    show_wait("nobody is left", -1, 0, 0);
}

/* Children in two groups: two have a group of their own, and end first. */
static void groups(void)
{
    volatile long *step = shared_numbers();
    pid_t pid[3];
    for (int i = 0; i < 3; i++) {
        pid[i] = split();
        if (pid[i] == 0) {
            if (i < 2)
                setpgid(0, i ? pid[0] : 0);
            step[1]++;
            until(step, i < 2 ? 1 : 2);
            _exit(11 + i);
        }
        until(step + 1, i + 1);
    }
    *step = 1;
    usleep(20000);
    show_wait("my group", 0, WNOHANG, 0);
    *step = 2;
    show_wait("my group", 0, 0, pid[2]);
    show_wait("the other group", -pid[0], 0, pid[0]);
    show_wait("the rest of it", -pid[0], 0, pid[1]);
    show_wait("nobody is left there", -pid[0], 0, 0);
}

static void once(void)
{
    pid_t pid = ending(4);
    show_wait("waited for", pid, 0, pid);
    show_wait("once more", pid, 0, pid);
    show_wait("any", -1, 0, pid);
    show_call("a signal to nobody", kill(pid, 0));
    show_wait("one that never was", 999999, 0, 0);
    show_wait("myself", getpid(), 0, 0);
    signal(SIGCHLD, SIG_IGN);
    pid = split();
    if (pid == 0) {
        usleep(20000);
        _exit(6);
    }
    show_wait("one that nobody wants, until it ends", pid, 0, pid);
}

static void not_waiting(void)
{
    volatile long *go = shared_numbers();
    pid_t pid = split();
    if (pid == 0) {
        until(go, 1);
        _exit(5);
    }
    show_wait("while it runs", pid, WNOHANG, pid);
    show_wait("any", -1, WNOHANG, pid);
    show_wait("who is no child", 999999, WNOHANG, pid);
    *go = 1;
    show_wait("when it ends", pid, 0, pid);
    show_wait("afterwards", pid, WNOHANG, pid);
}

/* Two are dead before anybody waits; yields let them get there. */
static void already_dead(void)
{
    volatile long *ended = shared_numbers();
    pid_t pid[2];
    for (int i = 0; i < 2; i++) {
        pid[i] = split();
        if (pid[i] == 0) {
            ended[i] = 1;
            _exit(20 + i);
        }
    }
    until(ended, 1);
    until(ended + 1, 1);
    usleep(20000);
    show_wait("dead for long", pid[1], 0, pid[1]);
    show_wait("dead for long, not waiting", -1, WNOHANG, pid[0]);
    show_wait("and then", -1, WNOHANG, 0);
}

/* A child that waits for a grandchild is killed: the grandchild is nobody's business here. */
static void killed_waiter(void)
{
    volatile long *waits = shared_numbers();
    pid_t me = getpid(), pid = split();
    if (pid == 0) {
        pid_t child = split();
        if (child == 0) {
            pid_t parent = getppid();
            while (getppid() == parent)
                usleep(1000);
            _exit(getppid() == me);
        }
        *waits = 1;
        waitpid(child, NULL, 0);
        _exit(1);
    }
    until(waits, 1);
    usleep(20000);
    kill(pid, SIGKILL);
    show_wait("the one who waited", pid, 0, pid);
    show_wait("its child is not mine", -1, 0, 0);
}

static volatile long *orphans;

/* Ends when its parent is gone, or, with early, before that. */
static void orphan(int number, int early)
{
    pid_t parent = getppid();
    if (split())
        return;
    parent = getppid();
    orphans[0]++;
    if (early)
        _exit(40 + number);
    while (getppid() == parent)
        usleep(1000);
    _exit(getppid() > 0 ? 40 + number : 30);
}

/* Leaves three children to process 1: one long dead, one that ends when its parent is gone, and one that does so later still. */
static void leaves_children(void)
{
    orphans = shared_numbers();
    orphan(1, 1);
    orphan(2, 0);
    orphan(3, 0);
    until(orphans, 3);
    usleep(20000);
    printf("left behind: 3\n");
}

/* Leaves a dead one to process 1, and goes on itself until somebody has waited for that. */
static void leaves_dead(void)
{
    volatile long *dead = shared_numbers();
    pid_t pid = split();
    if (pid == 0) {
        pid = split();
        if (pid == 0)
            _exit(45);
        usleep(20000);
        *dead = pid;
        usleep(20000);
        _exit(0);
    }
    wait_for(pid);
    while (kill(*dead, 0) == 0)
        usleep(1000);
    show_true("it was waited for", errno == ESRCH);
}

/* Ends with everything that a process can have: memory, descriptors, an alarm. */
static void rich(void)
{
    char *memory = mmap(NULL, 256 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 256; i++)
        memory[i * 4096] = 1;
    for (int i = 0; i < 5; i++)
        dup(1);
    chdir("/tmp");
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 30000 } }, NULL);
    printf("pages: 256\n");
}

static void shared_with_a_child(void)
{
    static char page[16 * 4096];
    for (int i = 0; i < 16; i++)
        page[i * 4096] = 'p';
    for (int round = 0; round < 8; round++) {
        pid_t pid = split();
        if (pid == 0) {
            page[round * 4096] = 'c'; /* breaks one page; the others go back as they are */
            _exit(round);
        }
        show_wait("a round", pid, 0, pid);
    }
    int wrong = 0;
    for (int i = 0; i < 16; i++)
        wrong += page[i * 4096] != 'p';
    show("pages that changed", wrong);
}

/* vfork(), without the library: the child uses no stack, for that is its parent's. It ends with an alarm set, which nobody hears. */
static void borrowed(void)
{
    static struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
    static int by_child;
    long pid;
    fflush(stdout);
    asm volatile("mov $58, %%eax\n"
                 "syscall\n"
                 "test %%rax, %%rax\n"
                 "jnz 1f\n"
                 "movl $6, %1\n"
                 "mov $38, %%eax\n"
                 "xor %%edi, %%edi\n"
                 "mov %2, %%rsi\n"
                 "xor %%edx, %%edx\n"
                 "syscall\n"
                 "mov $60, %%eax\n"
                 "mov $6, %%edi\n"
                 "syscall\n"
                 "1:\n"
                 : "=&a"(pid), "+m"(by_child) : "r"(&soon) : "rcx", "rdx", "rsi", "rdi", "r11", "memory");
    show("seen in the parent", by_child);
    usleep(30000);
    show_wait("a borrower", pid, 0, pid);
}

static void many(void)
{
    int wrong = 0, status;
    for (int i = 0; i < 60; i++) {
        pid_t pid = ending(i);
        wrong += pid < 0 || waitpid(-1, &status, 0) != pid || WEXITSTATUS(status) != i;
    }
    show("of 60 generations wrong", wrong);
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    show_true("what they used is their parent's", used.ru_utime.tv_usec + used.ru_stime.tv_usec > 0);
}

/* A child and its child, of which one is left to process 1. Whatever fails, nobody waits for what does not come. */
static void family(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup(1);
        if (fork() == 0)
            _exit(2);
        _exit(1);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static const struct part parts[] = {
    { "statuses", statuses }, { "chosen", chosen }, { "groups", groups }, { "once", once },
    { "not_waiting", not_waiting }, { "already_dead", already_dead }, { "killed_waiter", killed_waiter },
    { "leaves_children", leaves_children }, { "leaves_dead", leaves_dead }, { "rich", rich },
    { "shared_with_a_child", shared_with_a_child }, { "borrowed", borrowed }, { "many", many },
    { "family", family },
};

int main(int argc, char **argv)
{
    return run_parts(argc, argv, parts, sizeof(parts) / sizeof(*parts));
}
