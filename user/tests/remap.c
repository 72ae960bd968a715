/* mremap(): mappings that grow where they are, move, shrink, are mapped twice; what moves along, and what is refused. */

#include "show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096, MAY_MOVE = 1, FIXED = 2 };

static char *map(size_t pages, int flags)
{
    return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static char *remap(char *at, size_t from, size_t to, int flags, char *where)
{
    return (char *)syscall(SYS_mremap, at, from * PAGE, to * PAGE, flags, where);
}

/* Each page gets its number, counted from `first` on. */
static void number(char *at, size_t pages, int first)
{
    for (size_t i = 0; i < pages; i++)
        *(int *)(at + i * PAGE) = first + (int)i;
}

static int numbered(const char *at, size_t pages, int first)
{
    for (size_t i = 0; i < pages; i++)
        if (*(const int *)(at + i * PAGE) != first + (int)i)
            return 0;
    return 1;
}

static void reads(void *at)
{
    (void)*(volatile char *)at;
}

static void writes(void *at)
{
    *(volatile char *)at = 1;
}

static void grows_in_place(void)
{
    char *at = map(8, MAP_PRIVATE);
    munmap(at + 4 * PAGE, 4 * PAGE);
    number(at, 4, 100);
    show_true("stays", remap(at, 4, 8, 0, NULL) == at);
    show_true("what was there", numbered(at, 4, 100));
    show_true("what is new is empty", !at[4 * PAGE] && !at[8 * PAGE - 1]);
    number(at, 8, 7);
    show_true("and can be written", numbered(at, 8, 7));
    show_true("the same size", remap(at, 8, 8, 0, NULL) == at);
    show_true("smaller", remap(at, 8, 3, 0, NULL) == at);
    show_true("the rest", numbered(at, 3, 7));
    show_child("behind its end", reads, at + 3 * PAGE);
    munmap(at, 8 * PAGE);
}

static void moves(void)
{
    char *at = map(6, MAP_PRIVATE), *to;
    munmap(at, PAGE);
    at += PAGE;
    mprotect(at + 3 * PAGE, 2 * PAGE, PROT_READ); /* another region behind the first three pages */
    number(at, 3, 30);
    show_call("no room to grow", (long)remap(at, 3, 6, 0, NULL));
    to = remap(at, 3, 6, MAY_MOVE, NULL);
    show_true("moved", to != MAP_FAILED && to != at);
    show_true("with what was there", numbered(to, 3, 30));
    show_true("what is new is empty", !to[3 * PAGE] && !to[6 * PAGE - 1]);
    show_child("where it was", reads, at);
    show_child("what was behind it", reads, at + 3 * PAGE);
    munmap(to, 6 * PAGE);
    munmap(at + 3 * PAGE, 2 * PAGE);
}

/* So many pages that their tables are several, and begin and end elsewhere in them. */
static void moves_much(void)
{
    enum { MANY = 1400 };
    char *at = map(MANY, MAP_PRIVATE), *room = map(2 * MANY, MAP_PRIVATE), *to = room + 77 * PAGE;
    number(at, MANY, 1);
    at[700 * PAGE + 5] = 'x';
    munmap(at + 300 * PAGE, 100 * PAGE);
    show_call("across a hole", (long)remap(at, MANY, MANY + 1, MAY_MOVE, NULL));
    to = remap(at + 400 * PAGE, 1000, 1200, MAY_MOVE | FIXED, to);
    show_true("moved", to == room + 77 * PAGE && numbered(to, 1000, 401) && to[300 * PAGE + 5] == 'x' && !to[1100 * PAGE]);
    show_true("what was below stays", numbered(at, 300, 1));
    show_true("what was in the way is gone, and no more", !room[76 * PAGE] && !to[1200 * PAGE]);
    show_child("where it was", reads, at + 400 * PAGE);
    munmap(at, MANY * PAGE);
    munmap(room, 2 * MANY * PAGE);
}

static void keeps_what_may_be_done(void)
{
    char *at = map(4, MAP_PRIVATE), *room = map(8, MAP_PRIVATE);
    number(at, 4, 1);
    mprotect(at, 4 * PAGE, PROT_READ);
    at = remap(at, 4, 4, MAY_MOVE | FIXED, room);
    show_true("still read", numbered(at, 4, 1));
    show_child("not written", writes, at);
    mprotect(at, 4 * PAGE, PROT_NONE);
    at = remap(at, 4, 4, MAY_MOVE | FIXED, room + 4 * PAGE);
    show_child("not touched", reads, at);
    mprotect(at, 4 * PAGE, PROT_READ | PROT_WRITE);
    show_true("kept all the same", numbered(at, 4, 1));
    munmap(room, 8 * PAGE);
}

static void shared(void)
{
    char *at = map(4, MAP_SHARED), *room = map(8, MAP_PRIVATE), *second;
    number(at, 4, 50);
    second = remap(at + PAGE, 0, 3, MAY_MOVE, NULL);
    show_true("mapped twice", second != MAP_FAILED && numbered(second, 3, 51) && numbered(at, 4, 50));
    number(second, 3, 81);
    show_true("one writes, the other sees it", numbered(at + PAGE, 3, 81));
    at = remap(at, 4, 4, MAY_MOVE | FIXED, room);
    pid_t pid = split();
    if (pid == 0) {
        number(at, 4, 0);
        done(0);
    }
    wait_for(pid);
    show_true("moved, and shared with a child", numbered(at, 4, 0) && numbered(second, 3, 1));
    show_call("what is private is not mapped twice", (long)remap(room + 4 * PAGE, 0, 2, MAY_MOVE, NULL));
    munmap(room, 8 * PAGE);
    munmap(second, 3 * PAGE);
}

static void of_a_child(void)
{
    char *at = map(4, MAP_PRIVATE), *room = map(4, MAP_PRIVATE);
    number(at, 4, 9);
    pid_t pid = split();
    if (pid == 0) {
        at = remap(at, 4, 4, MAY_MOVE | FIXED, room);
        number(at, 2, 700);
        show_true("the child's own", numbered(at, 2, 700) && numbered(at + 2 * PAGE, 2, 11));
        done(0);
    }
    wait_for(pid);
    show_true("the parent's as it was", numbered(at, 4, 9));
    munmap(at, 4 * PAGE);
    munmap(room, 4 * PAGE);
}

static void of_a_file(void)
{
    char text[PAGE], *at, *room = map(8, MAP_PRIVATE);
    int fd = open("pages", O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < 6; i++) {
        memset(text, 'a' + i, sizeof(text));
        write(fd, text, sizeof(text));
    }
    at = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    show_true("touched", at[2 * PAGE] == 'c');
    at = remap(at + 2 * PAGE, 3, 4, MAY_MOVE | FIXED, room + PAGE);
    show_true("its middle", at[0] == 'c' && at[PAGE] == 'd' && at[2 * PAGE] == 'e' && at[3 * PAGE] == 'f');
    at[PAGE] = 'X';
    pread(fd, text, 1, 3 * PAGE);
    show_true("written", text[0] == 'X');
    at = remap(at, 4, 5, MAY_MOVE, NULL);
    show_child("behind the end of the file", reads, at + 4 * PAGE);
    close(fd);
    unlink("pages");
}

static void refused(void)
{
    char *at = map(8, MAP_PRIVATE), *room = map(8, MAP_PRIVATE);
    mprotect(at + 4 * PAGE, 4 * PAGE, PROT_READ);
    show_call("no page's start", syscall(SYS_mremap, at + 1, PAGE, PAGE, MAY_MOVE, 0));
    show_call("to no size", (long)remap(at, 1, 0, MAY_MOVE, NULL));
    show_call("an unknown flag", (long)remap(at, 1, 1, 8, NULL));
    show_call("fixed, and may not move", (long)remap(at, 1, 1, FIXED, room));
    show_call("onto itself", (long)remap(at, 3, 3, MAY_MOVE | FIXED, at + 2 * PAGE));
    show_call("to no page's start", (long)remap(at, 3, 3, MAY_MOVE | FIXED, room + 1));
    show_call("to the kernel's half", (long)remap(at, 3, 3, MAY_MOVE | FIXED, (char *)0xffff800000000000));
    show_call("nothing there", (long)remap((char *)0x10000000, 1, 2, MAY_MOVE, NULL));
    show_call("nothing there, smaller", (long)remap((char *)0x10000000, 2, 1, 0, NULL));
    show_call("two regions", (long)remap(at, 8, 9, MAY_MOVE, NULL));
    setrlimit(RLIMIT_AS, &(struct rlimit){ 64 << 20, RLIM_INFINITY });
    show_call("more than the limit", (long)remap(at, 1, 65 * 256, MAY_MOVE, NULL));
    show_true("moved beside the limit", remap(at, 4, 4, MAY_MOVE | FIXED, room) == room);
    setrlimit(RLIMIT_AS, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
}

int main(void)
{
    begin();
    grows_in_place();
    moves();
    moves_much();
    keeps_what_may_be_done();
    shared();
    of_a_child();
    of_a_file();
    refused();
    return 0;
}
