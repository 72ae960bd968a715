/* Lab 4.4: what threads on other CPUs still know of pages that one of them takes away. */

#include "lab3.h"
#include "threads.h"

#define PAGE 4096
#define READERS 3
#define FORKS 4

static struct thread readers[READERS];
static volatile int *page;
static volatile int ready;

static void relax(void)
{
    __asm__ volatile("pause");
}

/* Spins, and not in the kernel: whoever waits in the kernel is not on its CPU. */
static void join_spinning(struct thread *t)
{
    while (t->tid)
        relax();
}

static void one_more_is_ready(void)
{
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
}

static void wait_for_ready(int n)
{
    while (ready < n)
        relax();
}

/* One after the other, so that each finds a CPU where nobody runs yet. */
static void start_all(void (*function)(struct thread *))
{
    ready = 0;
    for (int i = 0; i < READERS; i++) {
        start(&readers[i], function, i);
        wait_for_ready(i + 1);
    }
    ready = 0;
}

/* What stands there; -1: it may not be read. The handler goes on behind the load. */
static int look(volatile int *at)
{
    int found = -1;
    __asm__ volatile("leaq 1f(%%rip), %%rcx\n\tmovl (%1), %0\n1:" : "+a"(found) : "r"(at) : "rcx", "memory");
    return found;
}

/* The same for a write: 0, or -1. */
static int change(volatile int *at)
{
    int failed = -1;
    __asm__ volatile("leaq 1f(%%rip), %%rcx\n\tmovl %2, (%1)\n\txorl %0, %0\n1:" : "+a"(failed) : "r"(at), "r"(6) : "rcx", "memory");
    return failed;
}

static void go_on(int number, siginfo_t *info, void *at)
{
    ucontext_t *context = at;
    (void)number, (void)info;
    context->uc_mcontext.gregs[REG_RIP] = context->uc_mcontext.gregs[REG_RCX];
}

/* How a page changes, and what a thread does that knows it, before and behind that. */
struct way {
    const char *name;
    void (*change)(void);
    int write;
};

static void unmap(void)
{
    munmap((void *)page, PAGE);
}

static void forbid(void)
{
    mprotect((void *)page, PAGE, PROT_NONE);
}

static void forbid_writing(void)
{
    mprotect((void *)page, PAGE, PROT_READ);
}

static void put_another(void)
{
    volatile int *other = mmap((void *)page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    *other = 7;
}

static const struct way ways[] = {
    { "unmapped", unmap, 0 },
    { "not to be read", forbid, 0 },
    { "not to be written", forbid_writing, 1 },
    { "another page in its place", put_another, 0 },
};
#define WAYS (int)(sizeof(ways) / sizeof(*ways))

static volatile int mapped, changed; /* so many pages */
static int found[WAYS][READERS];

/* Knows each page, and looks again when it is told that it has changed. */
static void reads(struct thread *t)
{
    one_more_is_ready();
    for (int i = 0; i < WAYS; i++) {
        while (mapped == i)
            relax();
        int before = ways[i].write ? change(page) : look(page);
        one_more_is_ready();
        while (changed == i)
            relax();
        found[i][t->argument] = before < 0 ? -2 : ways[i].write ? change(page) : look(page);
        one_more_is_ready();
    }
}

/* Three threads know a page when it is changed. */
static void taken(void)
{
    sigaction(SIGSEGV, &(struct sigaction){ .sa_sigaction = go_on, .sa_flags = SA_SIGINFO }, NULL);
    start_all(reads);
    for (int i = 0; i < WAYS; i++) {
        page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *page = 5;
        mapped = i + 1;
        wait_for_ready((2 * i + 1) * READERS);
        ways[i].change();
        changed = i + 1;
        wait_for_ready((2 * i + 2) * READERS);
        printf("%s: %d %d %d\n", ways[i].name, found[i][0], found[i][1], found[i][2]);
    }
    for (int i = 0; i < READERS; i++)
        join_spinning(&readers[i]);
}

/* --- fork while others write */

static volatile long *counters;
static volatile int over;

/* Its own counter, which nobody else changes. */
static void counts(struct thread *t)
{
    volatile long *mine = &counters[t->argument];
    long n = *mine;
    t->seen = 0;
    one_more_is_ready();
    while (!over) {
        *mine = ++n;
        relax();
        t->seen += *mine != n;
    }
}

/* How many counters change while a child looks. */
static int moving(void)
{
    long was[READERS];
    int n = 0;
    for (int i = 0; i < READERS; i++)
        was[i] = counters[i];
    for (int i = 0; i < 300; i++)
        relax();
    for (int i = 0; i < READERS; i++)
        n += counters[i] != was[i];
    return n;
}

static void forked(void)
{
    int seen = 0, lost = 0, status;
    counters = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    start_all(counts);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = split();
        if (pid == 0)
            _exit(moving());
        status = wait_for(pid);
        seen += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
    }
    over = 1;
    for (int i = 0; i < READERS; i++) {
        join_spinning(&readers[i]);
        lost += readers[i].seen;
    }
    show("seen by a child", seen);
    show("lost by who wrote", lost);
}

/* --- a copy that takes a page's place */

static volatile int known, copied;

/* Knows the page since the fork, and looks again when somebody has written there. */
static void reads_on(struct thread *t)
{
    one_more_is_ready();
    while (!known)
        relax();
    int before = *page;
    one_more_is_ready();
    while (!copied)
        relax();
    t->seen = before == 5 ? *page : -2;
}

static void written(void)
{
    int ends[2], byte;
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 5;
    start_all(reads_on);
    pipe(ends);
    pid_t pid = split();
    if (pid == 0) { /* it has the page as long as it lives */
        close(ends[1]);
        read(ends[0], &byte, 1);
        _exit(*page);
    }
    known = 1;
    wait_for_ready(READERS);
    *page = 6;
    copied = 1;
    for (int i = 0; i < READERS; i++)
        join_spinning(&readers[i]);
    printf("the threads see: %d %d %d\n", readers[0].seen, readers[1].seen, readers[2].seen);
    close(ends[1]);
    show_status("the child sees", wait_for(pid));
}

int main(int argc, char **argv)
{
    static const struct part parts[] = { { "taken", taken }, { "forked", forked }, { "written", written } };

    return run_parts(argc, argv, parts, sizeof(parts) / sizeof(*parts));
}
