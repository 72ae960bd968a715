/* Who sees what after fork: private memory is each one's own, shared memory is both's, whoever writes first. */

#include "show.h"

#include <sys/mman.h>

enum { PAGES = 64 };

static int data = 1;
static int bss;
static char big[PAGES * 4096];

static unsigned long sum(const char *from, size_t n)
{
    unsigned long s = 0;
    for (size_t i = 0; i < n; i++)
        s = s * 31 + (unsigned char)from[i];
    return s;
}

/* Child writes first: the parent's stays; parent writes while the child looks: the child's stays. */
static void isolation(const char *name, volatile int *place)
{
    int to_child[2], to_parent[2];
    char c = 'x';
    pipe(to_child);
    pipe(to_parent);
    *place = 10;
    pid_t pid = split();
    if (pid == 0) {
        close(to_child[1]);
        *place = 20;
        write(to_parent[1], &c, 1);
        read(to_child[0], &c, 1);
        _exit(*place);
    }
    read(to_parent[0], &c, 1);
    int seen = *place;
    *place = 30;
    write(to_child[1], &c, 1);
    int status = wait_for(pid);
    printf("%s: parent saw %d, child saw %d, parent has %d\n", name, seen, WEXITSTATUS(status), *place);
    for (int i = 0; i < 2; i++) {
        close(to_child[i]);
        close(to_parent[i]);
    }
}

static void parent_first(volatile int *place)
{
    int fds[2];
    char c = 'x';
    pipe(fds);
    *place = 1;
    pid_t pid = split();
    if (pid == 0) {
        read(fds[0], &c, 1);
        _exit(*place);
    }
    *place = 2;
    write(fds[1], &c, 1);
    show_status("parent wrote first, child sees", wait_for(pid));
    close(fds[0]);
    close(fds[1]);
}

/* read() writes into memory too: it breaks the sharing as the program's own stores do. */
static void by_the_kernel(void)
{
    int fds[2];
    pipe(fds);
    strcpy(big, "before");
    write(fds[1], "after.", 7);
    pid_t pid = split();
    if (pid == 0) {
        read(fds[0], big, 7);
        show_text("child, after read()", big);
        done(0);
    }
    wait_for(pid);
    show_text("parent, after the child's read()", big);
    close(fds[0]);
    close(fds[1]);
}

static void many_pages(void)
{
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = i * 7 + (i >> 12);
    unsigned long before = sum(big, sizeof(big));
    for (int round = 0; round < 5; round++) {
        pid_t pid = split();
        if (pid == 0) {
            for (int page = round; page < PAGES; page += 3)
                memset(big + page * 4096, round, 4096);
            if (fork() == 0) { /* a third sharer */
                memset(big, 99, sizeof(big));
                _exit(0);
            }
            wait(NULL);
            int wrong = 0;
            for (int page = 0; page < PAGES; page++)
                wrong += big[page * 4096 + 5] != (page >= round && (page - round) % 3 == 0 ? round : (char)((page * 4096 + 5) * 7 + page));
            _exit(wrong);
        }
        show_status("child's pages wrong", wait_for(pid));
    }
    show_true("parent's pages as before", sum(big, sizeof(big)) == before);
}

static void only_one_left(void)
{
    pid_t pid = split();
    if (pid == 0)
        _exit(0);
    wait_for(pid);
    memset(big, 1, sizeof(big)); /* nobody shares any more */
    show_true("written after the child is gone", big[sizeof(big) - 1] == 1);
}

static void write_to(void *place)
{
    *(volatile char *)place = 1;
}

static void text_stays(void)
{
    pid_t pid = split();
    if (pid == 0) {
        show_child("child writes to its text", write_to, (void *)sum);
        done(0);
    }
    wait_for(pid);
    static const char constant[] = "constant";
    show_child("write to a constant", write_to, (void *)constant);
}

int main(void)
{
    begin();
    int local;
    int *heap = malloc(sizeof(int));
    int *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    isolation("data", &data);
    isolation("bss", &bss);
    isolation("stack", &local);
    isolation("heap", heap);
    isolation("private mapping", private);
    isolation("shared mapping", shared);
    parent_first(&data);
    parent_first(private);
    parent_first(shared);
    by_the_kernel();
    many_pages();
    only_one_left();
    text_stays();
    munmap(private, 4096);
    munmap(shared, 4096);
    return 0;
}
