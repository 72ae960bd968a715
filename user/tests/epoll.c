/* Epolls: what is watched by level, by edge and once; which events end a wait, in which order, and who of several hears of them; what
 * becomes of a watch when descriptors are copied, inherited and closed; epolls that watch epolls. */

#include "threads.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

enum { ADD = 1, DEL, MOD };
enum { IN = 1, OUT = 4, ERR = 8, HUP = 16, RDHUP = 0x2000, EXCLUSIVE = 1 << 28, ONESHOT = 1 << 30 };
enum { MOST = 40, SOON = 20, LONG = 10000 };
#define EDGE (1u << 31)

struct event {
    unsigned events;
    unsigned long data;
} __attribute__((packed));

static struct event got[MOST];

static int make(void)
{
    return (int)syscall(SYS_epoll_create1, 0);
}

static int control(int epoll, int operation, int fd, unsigned events, unsigned long data)
{
    struct event event = { events, data };
    return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, &event);
}

static int add(int epoll, int fd, unsigned events)
{
    return control(epoll, ADD, fd, events, (unsigned long)fd);
}

static long wait_at(int epoll, int most, int timeout)
{
    return syscall(SYS_epoll_wait, epoll, got, most, timeout);
}

/* What there is now: "name: DATA=EVENTS ..." */
static void now_most(const char *name, int epoll, int most)
{
    long n = wait_at(epoll, most, 0);
    printf("%s:", name);
    if (n < 0)
        printf(" %s", strerror(errno));
    for (long i = 0; i < n; i++)
        printf(" %lu=%x", got[i].data, got[i].events);
    printf("\n");
}

static void now(const char *name, int epoll)
{
    now_most(name, epoll, MOST);
}

static int counter(unsigned n)
{
    return (int)syscall(SYS_eventfd2, n, O_NONBLOCK);
}

static void count(int fd)
{
    unsigned long one = 1;
    write(fd, &one, sizeof(one));
}

static void drain(int fd)
{
    static char bytes[65536];
    read(fd, bytes, sizeof(bytes));
}

static void fill(int fd)
{
    static char page[4096];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, page, sizeof(page)) > 0)
        ;
}

/* Numbers that are the same wherever this runs. */
static void pipe_at(int fds[2], int first)
{
    pipe(fds);
    for (int i = 0; i < 2; i++) {
        dup2(fds[i], first + i);
        close(fds[i]);
        fds[i] = first + i;
    }
}

static int move_to(int fd, int number)
{
    dup2(fd, number);
    close(fd);
    return number;
}

static void level(void)
{
    int epoll = make(), p[2];
    pipe_at(p, 10);
    show_call("add", add(epoll, p[0], IN));
    show_call("add the other end", add(epoll, p[1], OUT));
    show_call("add again", add(epoll, p[0], IN));
    now("room", epoll);
    now("room still", epoll);
    write(p[1], "ab", 2);
    now("bytes", epoll);
    read(p[0], got, 1);
    now("one byte", epoll);
    drain(p[0]);
    now("none", epoll);
    fill(p[1]);
    now("full", epoll);
    show_call("other data", control(epoll, MOD, p[0], IN, 77));
    now("full", epoll);
    show_call("nothing asked", control(epoll, MOD, p[0], 0, 77));
    now("nothing asked", epoll);
    close(p[1]);
    now("the writer has gone", epoll);
    show_call("delete", control(epoll, DEL, p[0], 0, 0));
    show_call("delete again", control(epoll, DEL, p[0], 0, 0));
    show_call("change", control(epoll, MOD, p[0], IN, 0));
    now("deleted", epoll);
    close(p[0]);
    pipe_at(p, 10);
    add(epoll, p[1], OUT);
    close(p[0]);
    now("the reader has gone", epoll);
    close(p[1]);
    close(epoll);
}

static void edge(void)
{
    static char pages[8192];
    int epoll = make(), p[2];
    pipe_at(p, 10);
    add(epoll, p[0], IN | OUT | RDHUP | EDGE);
    add(epoll, p[1], IN | OUT | RDHUP | EDGE);
    now("room", epoll);
    now("no news", epoll);
    write(p[1], "ab", 2);
    now("bytes", epoll);
    now("no news", epoll);
    read(p[0], got, 1);
    now("a byte less", epoll);
    write(p[1], "c", 1);
    now("a byte more", epoll);
    write(p[1], "d", 1);
    write(p[1], "e", 1);
    now("two more", epoll);
    write(p[1], "f", 1);
    drain(p[0]);
    now("came and gone", epoll);
    fill(p[1]);
    now("full", epoll);
    read(p[0], pages, sizeof(pages));
    now("room again", epoll);
    drain(p[0]);
    now("more room", epoll);
    write(p[1], "g", 1);
    now("one more", epoll);
    control(epoll, MOD, p[0], IN | EDGE, 10);
    now("asked anew", epoll);
    now("no news", epoll);
    close(p[1]);
    now("the writer has gone", epoll);
    now("no news", epoll);
    close(p[0]);
    close(epoll);
}

static void once(void)
{
    int epoll = make(), fd = move_to(counter(1), 10);
    add(epoll, fd, IN | OUT | ONESHOT);
    now("once", epoll);
    count(fd);
    now("no more", epoll);
    control(epoll, MOD, fd, IN | ONESHOT, 5);
    now("again", epoll);
    now("no more", epoll);
    control(epoll, MOD, fd, OUT | ONESHOT, 6);
    show_call("nowhere", syscall(SYS_epoll_wait, epoll, (void *)4096, 1, 0));
    now("it is still there", epoll);
    now("no more", epoll);
    close(fd);
    close(epoll);
}

/* A counter tells of each read and each write; a timer of its first ring, until it is read. */
static void counters(void)
{
    int epoll = make(), fd = move_to(counter(0), 10), timer = move_to((int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK), 11);
    long fast[4] = { 0, 1000000, 0, 1000000 }, late[4] = { 0, 0, 1000, 0 };
    unsigned long rings;
    add(epoll, fd, IN | OUT | EDGE);
    now("empty", epoll);
    count(fd);
    now("one", epoll);
    now("no news", epoll);
    count(fd);
    count(fd);
    now("three", epoll);
    drain(fd);
    now("read", epoll);
    drain(fd);
    now("nothing was read", epoll);
    close(fd);
    add(epoll, timer, IN | EDGE);
    now("not set", epoll);
    syscall(SYS_timerfd_settime, timer, 0, fast, NULL);
    show("it rings", wait_at(epoll, MOST, LONG));
    show("and again, unheard", wait_at(epoll, MOST, SOON));
    show_true("read", read(timer, &rings, sizeof(rings)) == sizeof(rings) && rings > 1);
    show("it rings", wait_at(epoll, MOST, LONG));
    syscall(SYS_timerfd_settime, timer, 0, late, NULL);
    drain(timer);
    control(epoll, MOD, timer, IN, 11);
    show("set anew", wait_at(epoll, MOST, SOON));
    close(timer);
    close(epoll);
}

/* What is ready stands in the order in which it became so; what was told of and is ready still, comes last. */
static void order(void)
{
    int epoll = make(), fd[20];
    for (int i = 0; i < 20; i++) {
        fd[i] = move_to(counter(0), 10 + i);
        add(epoll, fd[i], IN);
    }
    for (int i = 19; i >= 0; i -= 3)
        count(fd[i]);
    now("backwards", epoll);
    now_most("three", epoll, 3);
    now_most("three", epoll, 3);
    now_most("three", epoll, 3);
    count(fd[0]);
    drain(fd[1]);
    now("with a new one, without an old one", epoll);
    for (int i = 0; i < 20; i++)
        count(fd[i]);
    now("all", epoll);
    for (int i = 0; i < 20; i++)
        close(fd[i]);
    now("closed", epoll);
    int p[2];
    pipe_at(p, 10);
    for (int i = 0; i < 4; i++)
        add(epoll, dup2(p[0], 20 + i), IN);
    write(p[1], "a", 1);
    now("one pipe, four numbers", epoll);
    for (int i = 0; i < 4; i++)
        close(20 + i);
    now("its numbers are closed, it is not", epoll);
    close(p[0]);
    now("it is", epoll);
    close(p[1]);
    close(epoll);
}

/* A watch belongs to the open file, and to the number that it was added by. */
static void copies(void)
{
    int epoll = make(), fd = move_to(counter(1), 10), copy = dup2(fd, 11);
    add(epoll, fd, IN);
    show_call("add the copy", add(epoll, copy, OUT));
    now("both", epoll);
    close(fd);
    now("one is closed", epoll);
    show_call("it cannot be deleted", control(epoll, DEL, fd, 0, 0));
    show_call("nor by the copy's number", control(epoll, DEL, copy, 0, 0));
    now("it is still watched", epoll);
    dup2(copy, fd);
    show_call("until it has its number again", control(epoll, DEL, fd, 0, 0));
    now("nothing", epoll);
    add(epoll, fd, IN);
    close(copy);
    int other = move_to(counter(0), 12);
    dup2(other, fd);
    now("another file has its number", epoll);
    show_call("that is not watched", control(epoll, MOD, fd, IN, 0));
    show_call("but can be", add(epoll, fd, OUT));
    now("another file", epoll);
    close(other);
    pid_t pid = split();
    if (pid == 0) {
        close(fd);
        now("a child closes what it inherited", epoll);
        fd = move_to(counter(1), 10);
        show_call("it adds its own", control(epoll, ADD, fd, IN, 99));
        now("it sees both", epoll);
        done(0);
    }
    wait_for(pid);
    now("the parent's is watched", epoll);
    int second = dup(epoll);
    close(epoll);
    now("through another number", second);
    close(fd);
    now("and closed", second);
    close(second);
}

static void nested(void)
{
    int outer = make(), inner = move_to(make(), 10), fd = move_to(counter(0), 11), row[7];
    struct pollfd one = { outer, POLLIN | POLLOUT, 0 };
    show_call("add", add(outer, inner, IN | OUT));
    show_call("a circle", add(inner, outer, IN));
    show_call("itself", add(inner, inner, IN));
    show_call("shared", add(outer, inner, IN | EXCLUSIVE));
    add(inner, fd, IN);
    now("nothing", outer);
    show("poll", poll(&one, 1, 0));
    count(fd);
    now("outside", outer);
    now("inside", inner);
    now("outside", outer);
    show("poll", poll(&one, 1, 0));
    show("poll says", one.revents);
    drain(fd);
    now("outside", outer);
    show("poll", poll(&one, 1, 0));
    control(outer, MOD, inner, IN | EDGE, 10);
    count(fd);
    now("an edge", outer);
    now("no news", outer);
    count(fd);
    now("though nobody looked inside", outer);
    control(inner, MOD, fd, IN, 11);
    now("asked anew, and it was known", outer);
    now("inside", inner);
    now("no news", outer);
    drain(fd);
    pid_t pid = split();
    if (pid == 0) {
        struct timespec pause = { 0, 2000000 };
        nanosleep(&pause, NULL);
        count(fd);
        done(0);
    }
    one.revents = 0;
    show("poll waits", poll(&one, 1, LONG));
    wait_for(pid);
    close(inner);
    now("the inner one is closed", outer);
    close(outer);
    close(fd);
    for (int i = 0; i < 7; i++)
        row[i] = make();
    for (int i = 0; i + 1 < 7; i++)
        show_call("in a row", add(row[i + 1], row[i], IN));
    for (int i = 0; i < 7; i++)
        close(row[i]);
    for (int i = 0; i < 7; i++)
        row[i] = make();
    for (int i = 0; i + 1 < 7; i++)
        show_call("in a row from above", add(row[i], row[i + 1], IN));
    for (int i = 0; i < 7; i++)
        close(row[i]);
}

static volatile sig_atomic_t heard;

static void hears(int number)
{
    heard = number;
}

static void interrupted(void)
{
    int epoll = make(), fd = counter(1);
    unsigned long set = 1ul << (SIGUSR1 - 1), none = 0;
    struct timespec soon = { 0, 2000000 }, zero = { 0, 0 }, late = { LONG / 1000, 0 }, before, after;
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = hears, .sa_flags = SA_RESTART }, NULL);
    sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = hears }, NULL);
    syscall(SYS_setitimer, 0, &(long[4]){ 0, 5000, 0, 5000 }, NULL);
    show_call("a signal", wait_at(epoll, MOST, LONG));
    syscall(SYS_setitimer, 0, &(long[4]){ 0, 0, 0, 0 }, NULL);
    show_true("was heard", heard == SIGALRM);
    sigprocmask(SIG_BLOCK, (sigset_t *)&set, NULL);
    kill(getpid(), SIGUSR1);
    show_call("a blocked one", wait_at(epoll, MOST, SOON));
    show_call("let in", syscall(SYS_epoll_pwait, epoll, got, MOST, LONG, &none, 8));
    show_true("was heard", heard == SIGUSR1);
    kill(getpid(), SIGUSR1);
    show_call("is blocked again", wait_at(epoll, MOST, 0));
    show_call("let in, no time", syscall(SYS_epoll_pwait, epoll, got, MOST, 0, &none, 8));
    add(epoll, fd, IN);
    show_call("let in, but there is something", syscall(SYS_epoll_pwait, epoll, got, MOST, LONG, &none, 8));
    show_call("for ever", syscall(SYS_epoll_pwait2, epoll, got, MOST, NULL, NULL, 0));
    drain(fd);
    show_call("let in", syscall(SYS_epoll_pwait2, epoll, got, MOST, &late, &none, 8));
    clock_gettime(CLOCK_MONOTONIC, &before);
    show_call("for a while", syscall(SYS_epoll_pwait2, epoll, got, MOST, &soon, NULL, 0));
    clock_gettime(CLOCK_MONOTONIC, &after);
    show_true("not less", (after.tv_sec - before.tv_sec) * 1000000000l + after.tv_nsec - before.tv_nsec >= 2000000);
    show_call("no time", syscall(SYS_epoll_pwait2, epoll, got, MOST, &zero, NULL, 0));
    sigprocmask(SIG_UNBLOCK, (sigset_t *)&set, NULL);
    signal(SIGALRM, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    close(fd);
    close(epoll);
}

/* So many children wait at their epolls, asleep when waiters() returns; each says so when it is done. */
enum { WAITERS = 3 };

static int is_asleep(pid_t pid)
{
    char path[32], text[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY);
    read(fd, text, sizeof(text) - 1);
    close(fd);
    char *state = strstr(text, ") ");
    return state && state[2] == 'S';
}

static void waiters(const int *epolls, int report, pid_t *pids)
{
    for (int i = 0; i < WAITERS; i++) {
        pids[i] = split();
        if (pids[i] == 0) {
            long n = syscall(SYS_epoll_wait, epolls[i], got, MOST, LONG);
            write(report, n == 1 ? "1" : "?", 1);
            done(0);
        }
    }
    for (int i = 0; i < WAITERS; i++)
        while (!is_asleep(pids[i]))
            sched_yield();
}

/* How many reports come, until no more do. */
static int reports(int from, int at_least)
{
    char c;
    int n = 0;
    for (struct pollfd one = { from, POLLIN, 0 }; poll(&one, 1, n < at_least ? LONG : SOON) == 1; n++)
        if (read(from, &c, 1) != 1 || c != '1')
            return -1;
    return n;
}

static void several(void)
{
    int epoll = make(), fd = counter(0), p[2], all[WAITERS] = { epoll, epoll, epoll };
    pid_t pids[WAITERS];
    pipe(p);
    add(epoll, fd, IN | EDGE);
    waiters(all, p[1], pids);
    for (int i = 0; i < WAITERS; i++) {
        count(fd);
        show("one hears of each event", reports(p[0], 1));
    }
    for (int i = 0; i < WAITERS; i++)
        wait_for(pids[i]);
    drain(fd);
    now("and it is told", epoll);
    control(epoll, MOD, fd, IN, 1);
    waiters(all, p[1], pids);
    count(fd);
    show("by level all hear", reports(p[0], WAITERS));
    for (int i = 0; i < WAITERS; i++)
        wait_for(pids[i]);
    drain(fd);
    close(epoll);
    for (int i = 0; i < WAITERS; i++) {
        all[i] = make();
        add(all[i], fd, IN | EDGE);
    }
    waiters(all, p[1], pids);
    count(fd);
    show("of several epolls each", reports(p[0], WAITERS));
    for (int i = 0; i < WAITERS; i++) {
        wait_for(pids[i]);
        close(all[i]);
    }
    drain(fd);
    for (int i = 0; i < WAITERS; i++) {
        all[i] = make();
        add(all[i], fd, IN | EDGE | EXCLUSIVE);
    }
    count(fd);
    int told = 0;
    for (int i = 0; i < WAITERS; i++)
        told += (int)wait_at(all[i], MOST, 0);
    show("nobody waits: each epoll has it", told);
    drain(fd);
    waiters(all, p[1], pids);
    for (int i = 0; i < WAITERS; i++) {
        count(fd);
        show("of those that share wakes one", reports(p[0], 1));
    }
    for (int i = 0; i < WAITERS; i++) {
        wait_for(pids[i]);
        close(all[i]);
    }
    close(fd);
    close(p[0]);
    close(p[1]);
}

/* Files are closed while they are watched and somebody waits. */
static void closing(void)
{
    int epoll = make(), p[2], fd = move_to(counter(0), 10);
    add(epoll, fd, IN);
    pipe(p);
    add(epoll, p[0], IN);
    pid_t pid = split();
    if (pid == 0) {
        close(p[0]);
        close(fd);
        struct timespec pause = { 0, 2000000 };
        nanosleep(&pause, NULL);
        write(p[1], "a", 1);
        close(p[1]);
        done(0);
    }
    close(fd);
    show("what is left tells", wait_at(epoll, MOST, LONG));
    show_true("of the pipe", got[0].data == (unsigned long)p[0]);
    wait_for(pid);
    close(p[0]);
    close(p[1]);
    show("nothing is left", wait_at(epoll, MOST, SOON));
    close(epoll);
}

/* Threads that wait at one epoll, others that count, and one that adds and closes: whatever is counted is heard of. */
enum { CROWD = 3, COUNTERS = 4, TIMES = 300 };
static struct thread crowd[CROWD], writers[2], changer;
static int crowd_epoll, counters_of[COUNTERS], stop;
static volatile long heard_of;

static void hearer(struct thread *t)
{
    for (;;) {
        struct event event;
        unsigned long n = 0;
        if (call(SYS_epoll_wait, crowd_epoll, (long)&event, 1, -1, 0, 0) != 1)
            t->seen++; /* an error */
        else if ((int)event.data == stop)
            return;
        else if (call(SYS_read, (long)event.data, (long)&n, sizeof(n), 0, 0, 0) == sizeof(n))
            __atomic_fetch_add(&heard_of, (long)n, __ATOMIC_RELAXED);
    }
}

static void writer(struct thread *t)
{
    unsigned long one = 1;
    for (int i = 0; i < TIMES; i++)
        if (call(SYS_write, counters_of[i % COUNTERS], (long)&one, sizeof(one), 0, 0, 0) != sizeof(one))
            t->seen++;
}

/* Its own counter is told of by level, and closed while others may be looking at it. */
static void changes(struct thread *t)
{
    for (int i = 0; i < TIMES; i++) {
        struct event event = { IN, 0 };
        int fd = (int)call(SYS_eventfd2, i % 2, O_NONBLOCK, 0, 0, 0, 0);
        event.data = (unsigned long)fd;
        if (fd < 0 || call(SYS_epoll_ctl, crowd_epoll, ADD, fd, (long)&event, 0, 0))
            t->seen++;
        __atomic_fetch_sub(&heard_of, i % 2, __ATOMIC_RELAXED); /* as many as it starts with: whoever reads it adds them */
        unsigned long n = 0;
        if (call(SYS_read, fd, (long)&n, sizeof(n), 0, 0, 0) == sizeof(n))
            __atomic_fetch_add(&heard_of, (long)n, __ATOMIC_RELAXED);
        if (i % 3)
            call(SYS_epoll_ctl, crowd_epoll, DEL, fd, 0, 0, 0);
        call(SYS_close, fd, 0, 0, 0, 0, 0);
    }
}

static void many_threads(void)
{
    int errors = 0;
    crowd_epoll = make();
    stop = counter(0);
    add(crowd_epoll, stop, IN);
    for (int i = 0; i < COUNTERS; i++) {
        counters_of[i] = counter(0);
        add(crowd_epoll, counters_of[i], IN | (i % 2 ? EDGE : 0));
    }
    for (int i = 0; i < CROWD; i++)
        start(&crowd[i], hearer, 0);
    start(&changer, changes, 0);
    for (int i = 0; i < 2; i++)
        start(&writers[i], writer, 0);
    for (int i = 0; i < 2; i++) {
        join(&writers[i]);
        errors += writers[i].seen;
    }
    join(&changer);
    while (heard_of < 2 * TIMES)
        sched_yield(); /* nothing is lost, or this never ends */
    count(stop);
    for (int i = 0; i < CROWD; i++) {
        join(&crowd[i]);
        errors += crowd[i].seen;
    }
    show("heard of", heard_of);
    show("errors", errors + changer.seen);
    for (int i = 0; i < COUNTERS; i++)
        close(counters_of[i]);
    close(stop);
    close(crowd_epoll);
}

int main(void)
{
    static void (*const parts[])(void) = { level, edge, once, counters, order, copies, nested, interrupted, several, closing,
                                            many_threads };
    static const char *const names[] = {
        "level", "edge", "once", "counters", "order", "copies", "nested", "interrupted", "several", "closing", "many threads",
    };
    begin();
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 });
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        printf("-- %s\n", names[i]);
        parts[i]();
    }
    return 0;
}
