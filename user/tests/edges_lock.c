/* Edges of the calls that lock pages and tell which are in memory, and of asking for more memory than there is. */

#include "edges.h"

enum { PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS, SHARED = MAP_SHARED | MAP_ANONYMOUS, RW = PROT_READ | PROT_WRITE };
enum { NO_RESERVE = 0x4000, HUGE = 0x40000, F = 40, Z, R };

static char *area; /* eight pages, of which the fourth is not there and the sixth may not be touched */
static unsigned char told[64];

static void make_area(void)
{
    area = mmap(NULL, 8 * PAGE, RW, PRIVATE, -1, 0);
    munmap(area + 3 * PAGE, PAGE);
    mprotect(area + 5 * PAGE, PAGE, PROT_NONE);
}

static void telling(void)
{
    make_area();
    area[PAGE] = 1;
    E(mincore, area + 1, PAGE, told);
    E(mincore, area, -1, told);
    E(mincore, KERNEL, PAGE, told);
    E(mincore, area, PAGE, KERNEL);
    E(mincore, area, PAGE, NOWHERE);
    E(mincore, area, 0, NOWHERE);
    E(mincore, NOWHERE, 0, told);
    E(mincore, NOWHERE, PAGE, told);
    E(mincore, area, 3 * PAGE, told);
    V(told[0]);
    V(told[1]);
    V(told[2]);
    E(mincore, area, PAGE + 1, told);
    E(mincore, area, 4 * PAGE, told);
    E(mincore, area + 4 * PAGE, 4 * PAGE, told);
    V(told[1]);
    char *shared = mmap(NULL, 2 * PAGE, RW, SHARED, -1, 0);
    shared[0] = 1;
    E(mincore, shared, 2 * PAGE, told);
    V(told[0]);
    V(told[1]);
}

static void locking(void)
{
    make_area();
    E(mlock, area, PAGE);
    E(mlock, area + PAGE + 5, 1);
    E(mincore, area, 3 * PAGE, told);
    V(told[0]);
    V(told[1]);
    V(told[2]);
    E(mlock, area, 0);
    E(mlock, NOWHERE, 0);
    E(mlock, NOWHERE, 1);
    E(mlock, KERNEL, PAGE);
    E(mlock, area, -1);
    E(mlock, area + 2 * PAGE, 2 * PAGE);
    E(mlock, area + 5 * PAGE, PAGE);
    E(mlock, area + 4 * PAGE, 2 * PAGE);
    E(mincore, area + 4 * PAGE, PAGE, told);
    V(told[0]);
    E(mlock2, area, PAGE, 2);
    E(mlock2, NOWHERE, PAGE, -1);
    E(mlock2, area + 7 * PAGE, PAGE, 1);
    E(mincore, area + 7 * PAGE, PAGE, told);
    V(told[0]);
    E(mlock2, area + 7 * PAGE, PAGE, 0);
    E(mincore, area + 7 * PAGE, PAGE, told);
    V(told[0]);
    E(munlock, area, PAGE);
    E(munlock, area, PAGE);
    E(munlock, area, 4 * PAGE);
    E(munlock, NOWHERE, 0);
    E(munlock, NOWHERE, PAGE);
    E(munlock, area, -1);
    E(munlock, area + 5 * PAGE, PAGE);
    about("all");
    E(mlockall, 0);
    E(mlockall, 4);
    E(mlockall, 8);
    E(mlockall, -1);
    E(mlockall, 2);
    char *later = mmap(NULL, PAGE, RW, PRIVATE, -1, 0);
    E(mincore, later, PAGE, told);
    V(told[0]);
    E(mlockall, 2 | 4);
    later = mmap(NULL, PAGE, RW, PRIVATE, -1, 0);
    E(mincore, later, PAGE, told);
    V(told[0]);
    E(mlockall, 1);
    E(mincore, later, PAGE, told);
    V(told[0]);
    E(munlockall);
    later = mmap(NULL, PAGE, RW, PRIVATE, -1, 0);
    E(mincore, later, PAGE, told);
    V(told[0]);
}

static void as_user(void)
{
    struct rlimit limit = { 2 * PAGE, 4 * PAGE };
    make_area();
    setrlimit(RLIMIT_MEMLOCK, &limit);
    E(mlock, area, 2 * PAGE);
    E(mlock, area, 2 * PAGE);
    E(mlock, area + PAGE, 2 * PAGE);
    E(mlock, area, 3 * PAGE);
    E(munlock, area, PAGE);
    E(mlock, area + PAGE, 2 * PAGE);
    E(mlock, NOWHERE, PAGE);
    E(mlock, KERNEL, -PAGE);
    E(mlockall, 1);
    E(mlockall, 2);
    E(munlockall);
    pid_t pid = split();
    if (pid == 0) {
        E(mlock, area, 2 * PAGE);
        done(0);
    }
    wait_for(pid);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_MEMLOCK, &limit);
    E(mlock, area, 0);
    E(mlock, NOWHERE, 1);
    E(mlock2, area, PAGE, 2);
    E(mlockall, 1);
    E(mlockall, 0);
    E(munlock, area, PAGE);
}

static void limited(void)
{
    child_as_user(as_user);
}

static void too_much(void)
{
    size_t all = 1ul << 45;
    E(mmap, NULL, all, RW, PRIVATE, -1, 0);
    E(mmap, NULL, all, PROT_WRITE, PRIVATE, -1, 0);
    E(mmap, NULL, all, RW, SHARED, -1, 0);
    E(mmap, NULL, all, PROT_READ, SHARED, -1, 0);
    OK(mmap, NULL, all, RW, PRIVATE | NO_RESERVE, -1, 0);
    OK(mmap, NULL, all / 8, PROT_NONE, PRIVATE, -1, 0);
    OK(mmap, NULL, all / 8, PROT_READ, PRIVATE, -1, 0);
    char *end = (char *)CALL(brk, 0);
    V(CALL(brk, end + all) == (long)end);
    char *at = mmap(NULL, PAGE, RW, PRIVATE, -1, 0);
    E(mremap, at, PAGE, all, 1);
    at = mmap(NULL, PAGE, PROT_READ, PRIVATE, -1, 0);
    OK(mremap, at, PAGE, all / 8, 1);
    at = mmap(NULL, PAGE, RW, PRIVATE | NO_RESERVE, -1, 0);
    OK(mremap, at, PAGE, all / 8, 1);
    about("large pages");
    E(mmap, NULL, 1 << 21, RW, PRIVATE | HUGE, -1, 0);
    E(mmap, NULL, 1 << 21, RW, SHARED | HUGE, -1, 0);
    E(mmap, NULL, 1 << 21, RW, MAP_PRIVATE | HUGE, file_at(F, "f", O_RDWR, 10), 0);
}

static void zeros(void)
{
    dup2(open("/dev/zero", O_RDWR), Z);
    dup2(open("/dev/zero", O_RDONLY), R);
    OK(mmap, NULL, PAGE, RW, MAP_PRIVATE, Z, 0);
    OK(mmap, NULL, PAGE, RW, MAP_SHARED, Z, 0);
    OK(mmap, NULL, PAGE, RW, MAP_PRIVATE, R, 0);
    E(mmap, NULL, PAGE, RW, MAP_SHARED, R, 0);
    OK(mmap, NULL, PAGE, RW, MAP_PRIVATE, Z, 100 * PAGE);
    char *own = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, Z, 0), *shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, Z, 0);
    V(own[0]);
    V(shared[PAGE]);
    own[0] = 1;
    pid_t pid = split();
    if (pid == 0) {
        own[0] = 2;
        shared[PAGE] = 2;
        done(0);
    }
    wait_for(pid);
    V(own[0]);
    V(shared[PAGE]);
    char *fixed = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, R, 0);
    V(fixed[0]);
    E(mprotect, fixed, PAGE, RW);
}

int main(void)
{
    begin_edges();
    group("mincore", telling);
    group("locking", locking);
    group("locking and its limit", limited);
    group("too much", too_much);
    group("/dev/zero", zeros);
    return 0;
}
