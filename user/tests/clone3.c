/* clone3(): processes by it, what its structure may say and what not. Its threads: user/tests/threads.c. */

#include "show.h"

#include <sys/mman.h>
#include <sys/syscall.h>

enum { VM = 0x100, SIGHAND = 0x800, VFORK = 0x4000, THREAD = 0x10000, PARENT_SETTID = 0x100000, DETACHED = 0x400000,
       CHILD_SETTID = 0x1000000 };
#define CLEAR_SIGHAND 0x100000000ul

struct arguments {
    unsigned long flags, pidfd, child_tid, parent_tid, signal, stack, stack_size, tls, tids, tids_size, group, later[2];
};

enum { FIRST = 64, ALL = 88 }; /* sizes that the structure has had */

/* Not by a function that returns: two processes may have one stack. */
static inline __attribute__((always_inline)) long clone3(const struct arguments *arguments, unsigned long size)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(SYS_clone3), "D"(arguments), "S"(size) : "rcx", "r11", "memory");
    return result;
}

static void tells(const char *name, struct arguments arguments, unsigned long size)
{
    fflush(stdout);
    long pid = clone3(&arguments, size);
    if (pid == 0)
        _exit(3);
    if (pid < 0)
        show_text(name, strerror((int)-pid));
    else
        show_status(name, wait_for((pid_t)pid));
}

static void hears(int number)
{
    (void)number;
}

static int handler(int number)
{
    struct sigaction now;
    sigaction(number, NULL, &now);
    return now.sa_handler == SIG_DFL ? 0 : now.sa_handler == SIG_IGN ? 1 : 2;
}

static void children(void)
{
    volatile pid_t told = 0;
    static volatile pid_t own;
    struct arguments a = { .flags = PARENT_SETTID | CHILD_SETTID, .signal = SIGCHLD, .parent_tid = (unsigned long)&told,
                           .child_tid = (unsigned long)&own };
    fflush(stdout);
    long pid = clone3(&a, FIRST);
    if (pid == 0)
        _exit(own == getpid() ? 7 : 8);
    show_true("its id is told", told == pid && !own);
    show_status("a child", wait_for((pid_t)pid));

    signal(SIGUSR1, hears);
    signal(SIGUSR2, SIG_IGN);
    a = (struct arguments){ .signal = SIGCHLD };
    for (int clear = 0; clear < 2; clear++) {
        a.flags = clear ? CLEAR_SIGHAND : 0;
        pid = clone3(&a, ALL);
        if (pid == 0)
            _exit(10 * handler(SIGUSR1) + handler(SIGUSR2));
        show_status(clear ? "without handlers" : "with handlers", wait_for((pid_t)pid));
    }
    show("the parent's", 10 * handler(SIGUSR1) + handler(SIGUSR2));
}

/* The child has a stack of its own in the parent's memory, below what it may take for its variables; the parent waits. */
static void with_the_parents_memory(void)
{
    static volatile int written;
    char *stack = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct arguments a = { .flags = VM | VFORK, .signal = SIGCHLD, .stack = (unsigned long)stack, .stack_size = 8192 };
    long pid = clone3(&a, FIRST);
    if (pid == 0) {
        written = 5;
        syscall(SYS_exit_group, 4);
        __builtin_unreachable();
    }
    show("written", written);
    show_status("ended", wait_for((pid_t)pid));
    munmap(stack, 16384);
}

static void refused(void)
{
    char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct arguments plain = { .signal = SIGCHLD };
    struct arguments a = plain;
    tells("the first size", plain, FIRST);
    tells("the second", plain, 80);
    tells("the third", plain, ALL);
    tells("with more that is 0", plain, sizeof(plain));
    a.later[1] = 1;
    tells("that is not", a, sizeof(a));
    tells("too small", plain, FIRST - 1);
    tells("of no size", plain, 0);
    tells("in between", plain, FIRST + 4);
    memcpy(two, &plain, sizeof(plain));
    fflush(stdout);
    long pid = clone3((struct arguments *)two, 4096);
    if (pid == 0)
        _exit(0);
    show_status("a page", wait_for((pid_t)pid));
    show_text("more than a page", strerror((int)-clone3((struct arguments *)two, 4097)));
    show_text("nowhere", strerror((int)-clone3((struct arguments *)8, FIRST)));
    show_text("nowhere, too small", strerror((int)-clone3((struct arguments *)8, 1)));
    tells("a signal in the flags", (struct arguments){ .flags = SIGCHLD, .signal = SIGCHLD }, ALL);
    tells("signal 65", (struct arguments){ .signal = 65 }, ALL);
    tells("signal 256", (struct arguments){ .signal = 256 | SIGCHLD }, ALL);
    tells("detached", (struct arguments){ .flags = DETACHED, .signal = SIGCHLD }, ALL);
    tells("an unknown flag", (struct arguments){ .flags = 1ul << 40, .signal = SIGCHLD }, ALL);
    tells("handlers cleared and shared", (struct arguments){ .flags = VM | SIGHAND | CLEAR_SIGHAND, .signal = SIGCHLD }, ALL);
    tells("a thread with a signal", (struct arguments){ .flags = VM | SIGHAND | THREAD, .signal = SIGCHLD }, ALL);
    tells("a thread without the space", (struct arguments){ .flags = THREAD }, ALL);
    tells("a stack of no size", (struct arguments){ .signal = SIGCHLD, .stack = (unsigned long)two }, ALL);
    tells("a size of no stack", (struct arguments){ .signal = SIGCHLD, .stack_size = 4096 }, ALL);
    tells("the kernel's stack", (struct arguments){ .signal = SIGCHLD, .stack = 0xffff800000000000, .stack_size = 4096 }, ALL);
    tells("numbers of no length", (struct arguments){ .signal = SIGCHLD, .tids = (unsigned long)two }, ALL);
    tells("a length of no numbers", (struct arguments){ .signal = SIGCHLD, .tids_size = 1 }, ALL);
    tells("a group, but no flag", (struct arguments){ .signal = SIGCHLD, .group = 5 }, ALL);
}

int main(void)
{
    begin();
    children();
    with_the_parents_memory();
    refused();
    return 0;
}
