/* Edges of the calls on memory: mmap, munmap, mprotect, brk, madvise, and what a page does when it is touched. */

#include "edges.h"

enum { F = 40, R, W, D, P }; /* descriptors: a file, one only to read, one only to write, a folder, a pipe */
enum { FIXED = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS, SHARED = MAP_SHARED | MAP_ANONYMOUS };
enum { VALIDATE = 3, GROWSDOWN = 0x100, HUGETLB = 0x40000, WILLNEED = 3, DONTNEED = 4 };
#define USER_END ((char *)0x7ffffffff000)

static char *area; /* eight pages */

static void map_all(void)
{
    int fds[2];
    file_at(F, "f", O_RDWR, PAGE + 10);
    file_at(R, "r", O_RDONLY, 10);
    file_at(W, "w", O_WRONLY, 10);
    dup2(open(".", O_RDONLY), D);
    pipe(fds);
    dup2(fds[0], P);
    area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
}

/* What a touch in a child does: 0, or the signal that ends it. */
static int touch_read(volatile char *at)
{
    pid_t pid = split();
    if (pid == 0) {
        (void)*at;
        _exit(0);
    }
    return wait_for(pid) & 0x7f;
}

static int touch_write(volatile char *at)
{
    pid_t pid = split();
    if (pid == 0) {
        *at = 1;
        _exit(0);
    }
    return wait_for(pid) & 0x7f;
}

static int touch_run(char *at)
{
    pid_t pid = split();
    if (pid == 0) {
        ((void (*)(void))at)();
        _exit(0);
    }
    return wait_for(pid) & 0x7f;
}

static void mapping(void)
{
    map_all();
    about("sizes and places");
    E(mmap, NULL, 0, PROT_READ, PRIVATE, -1, 0);
    E(mmap, NULL, -1, PROT_READ, PRIVATE, -1, 0);
    E(mmap, NULL, -PAGE, PROT_READ, PRIVATE, -1, 0);
    E(mmap, NULL, 1ul << 47, PROT_READ, PRIVATE, -1, 0);
    E(mmap, NULL, 1ul << 62, PROT_READ, PRIVATE, -1, 0);
    E(mmap, area + 1, PAGE, PROT_READ, FIXED, -1, 0);
    E(mmap, KERNEL, PAGE, PROT_READ, FIXED, -1, 0);
    E(mmap, -PAGE, PAGE, PROT_READ, FIXED, -1, 0);
    E(mmap, USER_END, PAGE, PROT_READ, FIXED, -1, 0);
    E(mmap, USER_END - PAGE, 2 * PAGE, PROT_READ, FIXED, -1, 0);
    E(mmap, area, 0, PROT_READ, FIXED, -1, 0);
    OK(mmap, KERNEL, PAGE, PROT_READ, PRIVATE, -1, 0);
    OK(mmap, area + 1, PAGE, PROT_READ, PRIVATE, -1, 0);
    OK(mmap, NULL, 1, PROT_NONE, PRIVATE, -1, 0);
    about("flags");
    E(mmap, NULL, PAGE, PROT_READ, 0, -1, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS | 4, -1, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS | 15, -1, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS | VALIDATE, -1, 0);
    E(mmap, NULL, PAGE, PROT_READ, VALIDATE, 99, 0);
    E(mmap, NULL, PAGE, PROT_READ, VALIDATE | 0x200000, F, 0);
    OK(mmap, NULL, PAGE, PROT_READ, VALIDATE | MAP_NORESERVE, F, 0);
    OK(mmap, NULL, PAGE, PROT_READ, PRIVATE | 0x40000000, -1, 0);
    OK(mmap, NULL, PAGE, PROT_READ, PRIVATE, 99, 0);
    OK(mmap, NULL, PAGE, PROT_READ, PRIVATE, F, 0);
    OK(mmap, NULL, PAGE, PROT_READ | 0x100, PRIVATE, -1, 0);
    OK(mmap, NULL, PAGE, PROT_READ, PRIVATE, -1, PAGE);
    OK(mmap, NULL, PAGE, PROT_READ, SHARED, -1, PAGE);
    about("offsets");
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, F, 1);
    E(mmap, NULL, PAGE, PROT_READ, PRIVATE, -1, 1);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 1);
    E(mmap, NULL, 0, PROT_READ, MAP_PRIVATE, 99, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, F, -PAGE);
    E(mmap, NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, F, LONG_MAX - PAGE + 1);
    OK(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, F, 1000 * PAGE);
    about("files");
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0);
    E(mmap, NULL, PAGE, PROT_READ, 0, 99, 0);
    E(mmap, NULL, PAGE, PROT_READ, 0, F, 0);
    E(mmap, NULL, 0, PROT_READ, MAP_PRIVATE, F, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, W, 0);
    E(mmap, NULL, PAGE, PROT_WRITE, MAP_PRIVATE, W, 0);
    E(mmap, NULL, PAGE, PROT_NONE, MAP_SHARED, W, 0);
    E(mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, R, 0);
    OK(mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, R, 0);
    OK(mmap, NULL, PAGE, PROT_READ, MAP_SHARED, R, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, D, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, P, 0);
    char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, R, 0);
    E(mprotect, shared, PAGE, PROT_READ | PROT_WRITE);
    E(mprotect, shared, PAGE, PROT_READ | PROT_EXEC);
    shared = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, R, 0);
    E(mprotect, shared, PAGE, PROT_READ | PROT_WRITE);
    about("in a place");
    area[0] = 'x';
    V(CALL(mmap, area, PAGE, PROT_READ | PROT_WRITE, FIXED, -1, 0) == (long)area);
    V(area[0]);
    E(mmap, area, PAGE, PROT_READ, FIXED | MAP_FIXED_NOREPLACE, -1, 0);
    E(mmap, area, PAGE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0);
    E(mmap, area - PAGE + 1, PAGE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0);
    E(munmap, area + 2 * PAGE, PAGE);
    V(CALL(mmap, area + 2 * PAGE, PAGE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) == (long)(area + 2 * PAGE));
    E(mmap, area + PAGE, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 99, 0);
    V(touch_read(area + PAGE));
    E(mmap, area + 100 * PAGE, PAGE, PROT_READ, VALIDATE | MAP_FIXED_NOREPLACE, F, 0);
    struct rlimit limit = { 1 << 20, RLIM_INFINITY };
    setrlimit(RLIMIT_AS, &limit);
    E(mmap, NULL, 1 << 20, PROT_READ, PRIVATE, -1, 0);
}

static void touching(void)
{
    map_all();
    char *file = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, F, 0);
    V(file[0]);
    V(file[PAGE + 9]);
    V(file[PAGE + 10]);
    V(touch_read(file + 2 * PAGE - 1));
    V(touch_read(file + 2 * PAGE));
    V(touch_write(file + 2 * PAGE));
    file[PAGE + 10] = 'Z';
    V(size_of("f"));
    E(pread64, F, buffer, 100, PAGE);
    file[0] = 'Y';
    E(pread64, F, buffer, 1, 0);
    V(buffer[0]);
    E(pwrite64, F, "W", 1, 1);
    V(file[1]);
    E(pread64, R, file + 2 * PAGE, 4, 0);
    E(write, F, file + 2 * PAGE, 4);
    about("without rights");
    char *none = mmap(NULL, PAGE, PROT_NONE, PRIVATE, -1, 0);
    V(touch_read(none));
    V(touch_write(none));
    V(touch_write(read_only));
    V(touch_run(read_only));
    V(touch_read(NOWHERE));
    V(touch_read(NULL));
    V(touch_read(KERNEL));
    V(touch_write((char *)touching));
    E(write, F, none, 1);
    E(pread64, R, none, 1, 0);
    E(mprotect, none, PAGE, PROT_WRITE);
    V(touch_write(none));
    E(mprotect, none, PAGE, PROT_READ | PROT_EXEC);
    V(touch_read(none));
    V(touch_write(none));
}

static void changing(void)
{
    map_all();
    E(mprotect, area + 1, PAGE, PROT_READ);
    E(mprotect, area, 0, PROT_READ);
    E(mprotect, NOWHERE, 0, PROT_READ);
    E(mprotect, NOWHERE, PAGE, PROT_READ);
    E(mprotect, area, PAGE, 0x40);
    E(mprotect, area, 0, 0x40);
    E(mprotect, area, -1, 0x40);
    E(mprotect, area, PAGE, PROT_READ | PROT_WRITE | 8);
    E(mprotect, area + 1, 0, PROT_READ);
    E(mprotect, area, -1, PROT_READ);
    E(mprotect, area, -PAGE, PROT_READ);
    E(mprotect, KERNEL, PAGE, PROT_READ);
    E(mprotect, USER_END, PAGE, PROT_READ);
    E(mprotect, area, 1, PROT_NONE);
    V(touch_read(area + PAGE - 1));
    V(touch_read(area + PAGE));
    E(mprotect, area, 8 * PAGE, PROT_READ | PROT_WRITE);
    about("across a hole");
    E(munmap, area + 3 * PAGE, PAGE);
    E(mprotect, area, 8 * PAGE, PROT_READ);
    V(touch_write(area));
    V(touch_write(area + 2 * PAGE));
    V(touch_write(area + 4 * PAGE));
    V(touch_read(area + 3 * PAGE));
    E(mprotect, area + 3 * PAGE, 2 * PAGE, PROT_NONE);
    V(touch_read(area + 4 * PAGE));
    about("munmap");
    E(munmap, area, 0);
    E(munmap, area + 1, PAGE);
    E(munmap, area + 1, 0);
    E(munmap, area, -1);
    E(munmap, area, -PAGE);
    E(munmap, KERNEL, PAGE);
    E(munmap, USER_END, PAGE);
    E(munmap, USER_END - PAGE, 2 * PAGE);
    E(munmap, NOWHERE, PAGE);
    E(munmap, NULL, PAGE);
    E(munmap, area + 3 * PAGE, PAGE);
    E(munmap, area + 6 * PAGE, 1);
    V(touch_read(area + 6 * PAGE));
    V(touch_read(area + 7 * PAGE));
    E(munmap, area, 8 * PAGE);
    V(touch_read(area));
    about("madvise");
    map_all();
    area[0] = area[PAGE] = 'x';
    E(madvise, area + 1, PAGE, 0);
    E(madvise, area, 0, 0);
    E(madvise, area + 1, 0, 0);
    E(madvise, area, PAGE, -1);
    E(madvise, area, PAGE, 12345);
    E(madvise, area, 0, 12345);
    E(madvise, area, -1, 0);
    E(madvise, area, PAGE, WILLNEED - 1);
    E(madvise, NOWHERE, PAGE, 0);
    E(madvise, NOWHERE, PAGE, DONTNEED);
    E(madvise, area, PAGE, DONTNEED);
    V(area[0]);
    V(area[PAGE]);
    E(munmap, area + 2 * PAGE, PAGE);
    E(madvise, area + PAGE, 4 * PAGE, DONTNEED);
    V(area[PAGE]);
    char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, SHARED, -1, 0);
    shared[0] = 'y';
    E(madvise, shared, PAGE, DONTNEED);
    V(shared[0]);
}

static void heap(void)
{
    char *end = (char *)CALL(brk, 0);
    V(CALL(brk, NULL) == (long)end);
    V(CALL(brk, NOWHERE) == (long)end);
    V(CALL(brk, KERNEL) == (long)end);
    V(CALL(brk, USER_END) == (long)end);
    V(CALL(brk, -1) == (long)end);
    V(CALL(brk, end + 3) == (long)end + 3);
    V(CALL(brk, end + 3 * PAGE) == (long)end + 3 * PAGE);
    V(end[2 * PAGE]);
    end[2 * PAGE] = 'x';
    V(CALL(brk, end + PAGE) == (long)end + PAGE);
    V(CALL(brk, end + 3 * PAGE) == (long)end + 3 * PAGE);
    V(end[2 * PAGE]);
    V(CALL(brk, end) == (long)end);
    V(touch_read(end + 2 * PAGE));
    char *wall = end + 16 * PAGE - (long)end % PAGE;
    V(CALL(mmap, wall, PAGE, PROT_READ, FIXED, -1, 0) == (long)wall);
    V(CALL(brk, wall + PAGE) == (long)end);
    struct rlimit limit = { 1 << 20, RLIM_INFINITY };
    setrlimit(RLIMIT_AS, &limit);
    V(CALL(brk, end + (8 << 20)) == (long)end);
}

int main(void)
{
    begin_edges();
    group("mmap", mapping);
    group("touching", touching);
    group("changing", changing);
    group("brk", heap);
    return 0;
}
