/* Memory: brk, mmap, munmap, mprotect, mapped files, the stack's growth; and what happens where nothing is mapped. */

#include "show.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static sigjmp_buf back;
static volatile int fault;

static void faulted(int number)
{
    fault = number;
    siglongjmp(back, 1);
}

static const char *touch(volatile char *place, int writing)
{
    fault = 0;
    if (!sigsetjmp(back, 1)) {
        if (writing)
            *place = 1;
        else
            (void)*place;
    }
    return fault ? strsignal(fault) : "fine";
}

static const char *call(void *place)
{
    fault = 0;
    if (!sigsetjmp(back, 1))
        ((void (*)(void))place)();
    return fault ? strsignal(fault) : "fine";
}

static char *map(size_t size, int protection)
{
    return mmap(NULL, size, protection, PRIVATE, -1, 0);
}

static void heap(void)
{
    char *end = (char *)syscall(SYS_brk, 0);
    char *aligned = (char *)(((unsigned long)end + PAGE - 1) & ~(PAGE - 1ul));
    show_true("brk grows", (char *)syscall(SYS_brk, aligned + 3 * PAGE) == aligned + 3 * PAGE);
    int zeros = 1;
    for (int i = 0; i < 3 * PAGE; i++)
        zeros &= aligned[i] == 0;
    show_true("with zeros", zeros);
    memset(aligned, 7, 3 * PAGE);
    show_true("shrinks", (char *)syscall(SYS_brk, aligned + PAGE) == aligned + PAGE);
    show_text("what is left", touch(aligned + PAGE - 1, 0));
    show_text("what is gone", touch(aligned + PAGE, 0));
    syscall(SYS_brk, aligned + 2 * PAGE);
    show("grown again, zero", aligned[PAGE]);
    show_true("too much: it stays", (char *)syscall(SYS_brk, 1ul << 62) == aligned + 2 * PAGE);
    show_true("below its start: it stays", (char *)syscall(SYS_brk, 1) == aligned + 2 * PAGE);
    syscall(SYS_brk, end);
}

static void mappings(void)
{
    char *p = map(8 * PAGE, RW);
    show("zero", p[0] + p[8 * PAGE - 1]);
    memset(p, 5, 8 * PAGE);
    show("munmap in the middle", munmap(p + 3 * PAGE, 2 * PAGE));
    show_text("before the hole", touch(p + 3 * PAGE - 1, 1));
    show_text("the hole", touch(p + 3 * PAGE, 0));
    show_text("its end", touch(p + 5 * PAGE - 1, 1));
    show_text("behind the hole", touch(p + 5 * PAGE, 1));
    show("munmap of a hole", munmap(p + 3 * PAGE, PAGE));
    show("munmap over the hole", munmap(p + 2 * PAGE, 4 * PAGE));
    show_text("gone", touch(p + 2 * PAGE, 0));
    show_text("left", touch(p + 6 * PAGE, 0));
    char *fixed = mmap(p + 2 * PAGE, 2 * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
    show_true("MAP_FIXED", fixed == p + 2 * PAGE && fixed[0] == 0);
    fixed = mmap(p, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
    show_true("over what was there", fixed == p && p[0] == 0 && p[PAGE] == 5);
    show_ok("MAP_FIXED_NOREPLACE there", (long)mmap(p, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0));
    munmap(p, 8 * PAGE);
    char *hint = mmap(p, PAGE, RW, PRIVATE, -1, 0);
    show_true("a hint to a free place", hint == p);
    show_true("a hint to a taken place", mmap(p, PAGE, RW, PRIVATE, -1, 0) != p);
    munmap(p, PAGE);
    show_call("no length", (long)mmap(NULL, 0, RW, PRIVATE, -1, 0));
    show_call("neither shared nor private", (long)mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
    show_call("half a page", (long)mmap((void *)0x10000800, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));
    show_call("huge", (long)mmap(NULL, 1ul << 62, RW, PRIVATE, -1, 0));
    show_call("in the kernel", (long)mmap((void *)0xffff800000000000, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));
    show_call("no file", (long)mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0));
    show_call("munmap of half a page", munmap(p + 1, PAGE));
    show_call("munmap of nothing", munmap(p, 0));
    show_call("munmap in the kernel", munmap((void *)0xffff800000000000, PAGE));
    show_call("munmap of too much", munmap(p, 1ul << 62));
}

static void protection(void)
{
    char *p = map(3 * PAGE, RW);
    memset(p, 0xc3, 3 * PAGE); /* ret */
    show_text("not executable", call(p));
    show("mprotect", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
    show_text("executable", call(p));
    show_text("but not writable", touch(p, 1));
    show_text("its neighbour is", touch(p + PAGE, 1));
    mprotect(p, 3 * PAGE, PROT_NONE);
    show_text("PROT_NONE", touch(p + PAGE, 0));
    mprotect(p + PAGE, PAGE, RW);
    show_text("again", touch(p + PAGE, 0));
    show("contents kept", p[PAGE + 1] == (char)0xc3);
    munmap(p + PAGE, PAGE);
    show_call("over a hole", mprotect(p, 3 * PAGE, PROT_READ));
    show_text("done up to it", touch(p, 0));
    show_call("half a page", mprotect(p + 1, PAGE, PROT_READ));
    show_call("nothing", mprotect(p, 0, PROT_READ));
    show_call("a bad protection", mprotect(p, PAGE, 0x100));
    munmap(p, 3 * PAGE);
    p = map(PAGE, PROT_READ);
    show("read only, zero", p[5]);
    mprotect(p, PAGE, RW);
    show_text("made writable", touch(p, 1));
    show("written", p[0]);
    munmap(p, PAGE);
}

static void files(void)
{
    char text[6000];
    int fd = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0600);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 101;
    write(fd, text, sizeof(text));
    char *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
    show("the same", memcmp(p, text, sizeof(text)));
    show("zeros behind the end", p[sizeof(text)] + p[2 * PAGE - 1]);
    show_text("behind its last page", touch(p + 2 * PAGE, 0));
    p[0] = 99;
    char c;
    pread(fd, &c, 1, 0);
    show("a write stays private", c);
    char *q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    show("from an offset", memcmp(q, text + PAGE, sizeof(text) - PAGE));
    close(fd);
    show("after close", q[1]);
    unlink("mapped");
    show("after unlink", p[PAGE + 1]);
    munmap(p, 3 * PAGE);
    munmap(q, PAGE);
    fd = open("mapped", O_CREAT | O_WRONLY, 0600);
    show_call("not opened for reading", (long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    show_call("an odd offset", (long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100));
    close(fd);
    unlink("mapped");
    int fds[2];
    pipe(fds);
    show_call("a pipe", (long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0));
    close(fds[0]);
    close(fds[1]);
}

static int deep(int n)
{
    volatile char room[1024];
    room[0] = n;
    return n == 0 ? 0 : deep(n - 1) + (room[0] == (char)n);
}

static void use_stack(void *levels)
{
    setrlimit(RLIMIT_STACK, &(struct rlimit){ 2 << 20, 2 << 20 });
    signal(SIGSEGV, SIG_DFL);
    done(deep((long)levels) / 100);
}

static void stack(void)
{
    show_child("a megabyte of stack", use_stack, (void *)1000);
    show_child("more than the limit", use_stack, (void *)1000000);
    char *volatile here = (char *)&here;
    show_text("far below the stack", touch(here - (64 << 20), 1));
}

static void sharing(void)
{
    int *shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = split();
    if (pid == 0) {
        shared[0] = 11;
        shared[PAGE / 4] = 12; /* a page that nobody had touched */
        _exit(0);
    }
    wait_for(pid);
    show("from the child", shared[0] + shared[PAGE / 4]);
    munmap(shared, 2 * PAGE);
    show_text("null", touch(NULL, 0));
}

static void many(void)
{
    static char *places[200];
    long bad = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 200; i++) {
            places[i] = map((i % 7 + 1) * PAGE, RW);
            memset(places[i], i, (i % 7 + 1) * PAGE);
        }
        for (int i = 0; i < 200; i += 2)
            munmap(places[i], (i % 7 + 1) * PAGE);
        for (int i = 1; i < 200; i += 2)
            bad += places[i][(i % 7 + 1) * PAGE - 1] != (char)i;
        for (int i = 1; i < 200; i += 2)
            munmap(places[i], (i % 7 + 1) * PAGE);
    }
    show("pages that changed", bad);
}

int main(void)
{
    begin();
    signal(SIGSEGV, faulted);
    signal(SIGBUS, faulted);
    heap();
    mappings();
    protection();
    files();
    stack();
    sharing();
    many();
    return 0;
}
