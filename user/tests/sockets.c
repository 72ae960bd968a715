/* Pairs of sockets: bytes and messages, together and in pieces; what waits and what does not; what becomes of a socket whose other one is
 * shut or closed; who polls and watches; who made it. Its calls at their edges: edges_sockets.c. */

#include "threads.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

enum { STREAM = 1, DGRAM, SEQPACKET = 5 };
enum { PEEK = 2, TRUNC = 0x20, DONTWAIT = 0x40, WAITALL = 0x100, NOSIGNAL = 0x4000 };
enum { SHUT_READ, SHUT_WRITE, SHUT_BOTH, ALL_EVENTS = 0x2fdf, BYTES_LEFT = 0x541b };

static const int types[] = { STREAM, DGRAM, SEQPACKET };
static const char *const type_names[] = { "a stream", "datagrams", "packets" };
static char got[200000];

struct header {
    void *name;
    unsigned name_size;
    struct iovec *pieces;
    unsigned long count;
    void *control;
    unsigned long control_size;
    int flags;
};

static void make(int s[2], int type)
{
    if (syscall(SYS_socketpair, 1, type, 0, s))
        perror("socketpair");
}

static long send(int s, const void *bytes, size_t n, int flags)
{
    return syscall(SYS_sendto, s, bytes, n, flags, NULL, 0);
}

static long receive(int s, size_t n, int flags)
{
    memset(got, 0, 64);
    return syscall(SYS_recvfrom, s, got, n, flags, NULL, NULL);
}

static void say(int s, const char *text)
{
    send(s, text, strlen(text), 0);
}

/* "name: N, TEXT" */
static void hear(const char *name, int s, size_t n, int flags)
{
    long result = receive(s, n, flags);
    if (result < 0)
        printf("%s: %s\n", name, strerror(errno));
    else
        printf("%s: %ld, '%.20s'\n", name, result, got);
}

static void left(const char *name, int s)
{
    int n = -1;
    show_call(name, ioctl(s, BYTES_LEFT, &n));
    show("    bytes", n);
}

static int events_of(int s)
{
    struct pollfd p = { s, ALL_EVENTS, 0 };
    poll(&p, 1, 0);
    return p.revents;
}

static void poll_both(const char *name, const int s[2])
{
    printf("%s: %x %x\n", name, events_of(s[0]), events_of(s[1]));
}

static int option(int s, int number)
{
    int value = -1;
    unsigned size = sizeof(value);
    syscall(SYS_getsockopt, s, 1, number, &value, &size);
    return value;
}

static void close_both(int s[2])
{
    close(s[0]);
    close(s[1]);
}

/* Asleep: what it waits for is not there. */
static void await_sleep(pid_t pid)
{
    char path[40], text[400], *state = NULL;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    while (!state || state[2] != 'S') {
        int fd = open(path, O_RDONLY);
        long n = read(fd, text, sizeof(text) - 1);
        close(fd);
        text[n > 0 ? n : 0] = 0;
        state = strstr(text, ") ");
        sched_yield();
    }
}

/* --- the parts --- */

static void bytes(void)
{
    int s[2];
    make(s, STREAM);
    show("written", write(s[0], "hello", 5));
    say(s[0], " you");
    show("the other way", write(s[1], "there", 5));
    left("to be read", s[1]);
    hear("peeked", s[1], 3, PEEK);
    hear("peeked at all", s[1], 100, PEEK);
    hear("some", s[1], 3, 0);
    hear("over where they meet", s[1], 100, 0);
    hear("answer", s[0], 100, TRUNC);
    hear("none", s[0], 100, DONTWAIT);
    hear("none peeked", s[0], 100, DONTWAIT | PEEK);
    show_call("no bytes written", write(s[0], "", 0));
    show_call("no bytes read", read(s[1], got, 0));
    say(s[0], "ab");
    hear("all of more", s[1], 5, WAITALL | DONTWAIT);
    say(s[0], "xyz");
    show_call("no bytes received", receive(s[1], 0, 0));
    fcntl(s[1], F_SETFL, O_NONBLOCK);
    hear("not to wait", s[1], 3, 0);
    hear("not to wait for more", s[1], 3, 0);
    hear("and all", s[1], 3, WAITALL);
    close_both(s);
}

static void messages(int type)
{
    int s[2];
    make(s, type);
    show("written", write(s[0], "hello", 5));
    say(s[0], "second");
    show_call("empty", write(s[0], "", 0));
    say(s[0], "third");
    left("to be read", s[1]);
    hear("peeked", s[1], 2, PEEK);
    hear("peeked with its length", s[1], 2, PEEK | TRUNC);
    hear("too long", s[1], 2, 0);
    hear("and its length", s[1], 2, TRUNC);
    hear("nothing", s[1], 100, 0);
    hear("whole", s[1], 100, WAITALL);
    hear("none", s[1], 100, DONTWAIT);
    show_call("too much", send(s[0], got, 212961, 0));
    show_call("much", send(s[0], got, 100000, 0));
    show_call("all", read(s[1], got, sizeof(got)));
    show_call("no bytes read", read(s[1], got, 0));
    close_both(s);
}

static void pieces(int type)
{
    char a[4] = "", b[8] = "";
    struct iovec to[] = { { a, 3 }, { NULL, 0 }, { b, 7 } }, from[] = { { "one", 3 }, { "and", 3 }, { "two", 3 } },
                 none[] = { { a, 0 }, { b, 0 } };
    struct header out = { .pieces = from, .count = 3 }, in = { .pieces = to, .count = 3, .control = got, .control_size = 64, .flags = 7 };
    int s[2];
    make(s, type);
    show_call("writev", writev(s[0], from, 3));
    say(s[0], "more");
    show_call("readv", readv(s[1], to, 3));
    printf("    '%s' '%s'\n", a, b);
    show_call("and what is left", readv(s[1], to, 1));
    printf("    '%s'\n", a);
    show_call("no pieces of all", writev(s[0], none, 2));
    while (receive(s[1], sizeof(got), DONTWAIT) > 0)
        ;
    show_call("sendmsg", syscall(SYS_sendmsg, s[0], &out, 0));
    to[2].iov_len = 4;
    memset(b, 0, sizeof(b));
    show_call("recvmsg", syscall(SYS_recvmsg, s[1], &in, 0));
    printf("    '%s' '%s' flags %x control %lu\n", a, b, in.flags, in.control_size);
    close_both(s);
}

static volatile int signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void try_to_send(const char *name, int s, int flags)
{
    signals = 0;
    show_call(name, send(s, "x", 1, flags));
    show("    signals", signals);
}

static void closed(int type)
{
    int s[2];
    make(s, type);
    say(s[1], "a");
    say(s[1], "b");
    close(s[1]);
    printf("poll: %x\n", events_of(s[0]));
    if (type != DGRAM) {
        hear("was sent", s[0], 1, 0);
        hear("then", s[0], 1, 0);
        hear("the end", s[0], 1, 0);
        hear("and again", s[0], 1, DONTWAIT);
    }
    try_to_send("send", s[0], 0);
    try_to_send("again, without a signal", s[0], NOSIGNAL);
    try_to_send("no bytes", s[0], 0);
    hear("what was lost", s[0], 1, DONTWAIT);
    printf("poll: %x\n", events_of(s[0]));
    close(s[0]);
    make(s, type);
    say(s[0], "never read");
    say(s[1], "first");
    close(s[1]);
    printf("poll: %x\n", events_of(s[0]));
    show("error", option(s[0], 4));
    show("and then", option(s[0], 4));
    printf("poll: %x\n", events_of(s[0]));
    close(s[0]);
    make(s, type);
    say(s[0], "never read");
    say(s[1], "first");
    close(s[1]);
    hear("read", s[0], 10, 0);
    try_to_send("send", s[0], 0);
    try_to_send("send", s[0], 0);
    hear("then", s[0], 10, DONTWAIT);
    hear("then", s[0], 10, DONTWAIT);
    close(s[0]);
}

static void shut(int type)
{
    for (int how = SHUT_READ; how <= SHUT_BOTH; how++) {
        static const char *const names[] = { "for reading", "for writing", "for both" };
        int s[2];
        make(s, type);
        say(s[0], "before");
        say(s[1], "before");
        printf("%s: %ld\n", names[how], syscall(SYS_shutdown, s[0], how));
        poll_both("poll", s);
        try_to_send("send", s[0], 0);
        try_to_send("the other one", s[1], 0);
        hear("receive", s[0], 10, DONTWAIT);
        hear("receive", s[0], 10, DONTWAIT);
        if (how != SHUT_WRITE)
            hear("and wait", s[0], 10, 0);
        hear("the other one", s[1], 10, DONTWAIT);
        hear("the other one", s[1], 10, DONTWAIT);
        poll_both("poll", s);
        close_both(s);
    }
}

static long fill(int s, size_t n)
{
    long result;
    while ((result = send(s, got, n, DONTWAIT)) == (long)n)
        ;
    return result < 0 ? errno : 0;
}

static void full(int type)
{
    int s[2];
    make(s, type);
    poll_both("empty", s);
    fill(s[0], 20000);
    show_call("full", send(s[0], "x", 1, DONTWAIT));
    poll_both("poll", s);
    receive(s[1], 20000, 0);
    poll_both("a little room", s);
    while (receive(s[1], 20000, DONTWAIT) > 0)
        ;
    poll_both("empty", s);
    close_both(s);
}

/* A child does it, asleep until the parent has done what it needs. */
static void blocked(int type)
{
    int s[2];
    make(s, type);
    pid_t pid = split();
    if (pid == 0) {
        hear("waited for", s[1], 10, 0);
        hear("waited for the end", s[1], 10, 0);
        done(0);
    }
    await_sleep(pid);
    say(s[0], "a word");
    await_sleep(pid);
    syscall(SYS_shutdown, type == DGRAM ? s[1] : s[0], type == DGRAM ? SHUT_READ : SHUT_WRITE);
    wait_for(pid);
    close_both(s);

    make(s, type);
    fill(s[0], 20000);
    pid = split();
    if (pid == 0) {
        show_call("waited for room", send(s[0], got, 20000, 0));
        done(0);
    }
    await_sleep(pid);
    for (int i = 0; i < 20 && events_of(s[1]) & POLLIN; i++)
        receive(s[1], 20000, 0);
    wait_for(pid);
    close_both(s);

    make(s, type);
    fill(s[0], 20000);
    pid = split();
    if (pid == 0) {
        close(s[1]);
        show_call("waited for room, and nobody is there", send(s[0], got, 20000, 0));
        show("    signals", signals);
        done(0);
    }
    await_sleep(pid);
    signals = 0;
    close(s[1]);
    wait_for(pid);
    close(s[0]);
}

static void interrupted(void)
{
    int s[2];
    make(s, STREAM);
    struct sigaction action = { .sa_handler = count_signal };
    pid_t pid = split();
    if (pid == 0) {
        sigaction(SIGUSR1, &action, NULL);
        action.sa_flags = SA_RESTART;
        sigaction(SIGUSR2, &action, NULL);
        write(s[0], "r", 1);
        hear("interrupted", s[0], 10, 0);
        write(s[0], "r", 1);
        hear("begun again", s[0], 10, 0);
        write(s[0], "r", 1);
        hear("all of it", s[0], 6, WAITALL);
        write(s[0], "r", 1);
        hear("all, interrupted", s[0], 6, WAITALL);
        done(0);
    }
    read(s[1], got, 1);
    await_sleep(pid);
    kill(pid, SIGUSR1);
    read(s[1], got, 1);
    await_sleep(pid);
    kill(pid, SIGUSR2);
    await_sleep(pid);
    say(s[1], "word");
    read(s[1], got, 1);
    say(s[1], "abc");
    await_sleep(pid);
    say(s[1], "defg");
    read(s[1], got, 1);
    await_sleep(pid);
    kill(pid, SIGUSR1);
    show_status("it", wait_for(pid));
    close_both(s);
}

static void watch(const char *name, int epoll)
{
    struct event {
        unsigned events;
        unsigned long data;
    } __attribute__((packed)) found[4];
    long n = syscall(SYS_epoll_wait, epoll, found, 4, 0);
    printf("%s:", name);
    for (long i = 0; i < n; i++)
        printf(" %lu=%x", found[i].data, found[i].events);
    printf("\n");
}

static void watched(int type)
{
    int s[2], epoll = (int)syscall(SYS_epoll_create1, 0);
    make(s, type);
    for (int i = 0; i < 2; i++) {
        struct {
            unsigned events;
            unsigned long data;
        } __attribute__((packed)) event = { 0x80002005, (unsigned long)i }; /* EDGE, RDHUP, IN, OUT */
        syscall(SYS_epoll_ctl, epoll, 1, s[i], &event);
    }
    watch("room", epoll);
    watch("no news", epoll);
    say(s[0], "ab");
    watch("bytes", epoll);
    say(s[0], "cd");
    watch("more", epoll);
    receive(s[1], 1, 0);
    watch("one read", epoll);
    receive(s[1], 10, 0);
    watch("all read", epoll);
    fill(s[0], 20000);
    watch("full", epoll);
    receive(s[1], 20000, 0);
    watch("a little room", epoll);
    while (receive(s[1], 20000, DONTWAIT) > 0)
        ;
    watch("room", epoll);
    syscall(SYS_shutdown, s[0], SHUT_WRITE);
    watch("shut", epoll);
    close(s[1]);
    watch("closed", epoll);
    close(s[0]);
    watch("both", epoll);
    close(epoll);
}

static void inherited(void)
{
    int s[2];
    make(s, SEQPACKET | O_CLOEXEC | O_NONBLOCK);
    pid_t pid = split();
    if (pid == 0) {
        struct {
            int pid;
            unsigned uid, gid;
        } who = { 0, 1, 1 };
        unsigned size = sizeof(who);
        close(s[0]);
        show_call("peer", syscall(SYS_getsockopt, s[1], 1, 17, &who, &size));
        show_true("    is who made it", who.pid == getppid());
        show_true("    its user and group", who.uid == getuid() && who.gid == getgid());
        say(s[1], "from the child");
        done(0);
    }
    wait_for(pid);
    hear("heard", s[0], 100, 0);
    close(s[1]);
    hear("and the end", s[0], 100, 0);
    close(s[0]);
}

static void descriptors(void)
{
    char path[40], text[64];
    struct stat st;
    int s[2];
    for (int i = 0; i < 3; i++) {
        make(s, types[i] | (i ? O_NONBLOCK : O_CLOEXEC));
        printf("%s: type %d, domain %d, protocol %d, listens %d, error %d, room %d\n", type_names[i], option(s[0], 3), option(s[0], 39),
               option(s[0], 38), option(s[0], 30), option(s[0], 4), option(s[0], 7));
        printf("flags: %x %x\n", fcntl(s[0], F_GETFL), fcntl(s[1], F_GETFD));
        close_both(s);
    }
    make(s, STREAM);
    fstat(s[0], &st);
    printf("mode %o, size %ld\n", st.st_mode, (long)st.st_size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", s[0]);
    long n = readlink(path, text, sizeof(text) - 1);
    char want[64];
    snprintf(want, sizeof(want), "socket:[%lu]", (unsigned long)st.st_ino);
    text[n > 0 ? n : 0] = 0;
    show_true("its link", !strcmp(text, want));
    show_call("seek", lseek(s[0], 0, SEEK_CUR));
    close_both(s);
}

enum { CROWD = 4, TIMES = 300, SIZE = 1000 };

static struct thread senders[CROWD], receivers[CROWD];
static int crowd_sockets[2], crowd_type;
static volatile long sum, heard_of;

/* Of packets each has SIZE bytes of one kind; a stream's bytes are counted alone. */
static void sender(struct thread *t)
{
    char message[SIZE];
    memset(message, (int)t->argument, sizeof(message));
    for (int i = 0; i < TIMES; i++)
        if (call(SYS_write, crowd_sockets[0], (long)message, SIZE, 0, 0, 0) != SIZE)
            t->seen++;
}

static void receiver(struct thread *t)
{
    char message[SIZE];
    long n;
    while ((n = call(SYS_read, crowd_sockets[1], (long)message, SIZE, 0, 0, 0)) > 0) {
        long all = 0;
        for (long i = 0; i < n; i++)
            all += message[i];
        if (crowd_type != STREAM && (n != SIZE || all != message[0] * SIZE))
            t->seen++;
        __atomic_fetch_add(&sum, all, __ATOMIC_RELAXED);
        __atomic_fetch_add(&heard_of, n, __ATOMIC_RELAXED);
    }
    if (n)
        t->seen++;
}

static void many_threads(int type)
{
    long errors = 0;
    make(crowd_sockets, type);
    crowd_type = type;
    sum = heard_of = 0;
    for (int i = 0; i < CROWD; i++) {
        start(&receivers[i], receiver, 0);
        start(&senders[i], sender, i + 1);
    }
    for (int i = 0; i < CROWD; i++) {
        join(&senders[i]);
        errors += senders[i].seen;
        senders[i].seen = 0;
    }
    call(SYS_shutdown, crowd_sockets[0], SHUT_WRITE, 0, 0, 0, 0);
    for (int i = 0; i < CROWD; i++) {
        join(&receivers[i]);
        errors += receivers[i].seen;
        receivers[i].seen = 0;
    }
    show("bytes", heard_of);
    show("sum", sum);
    show("errors", errors);
    close_both(crowd_sockets);
}

static void streams(int type)
{
    if (type == STREAM)
        bytes();
    else
        messages(type);
}

static void crowds(int type)
{
    if (type != DGRAM)
        many_threads(type);
}

int main(void)
{
    static void (*const parts[])(int) = { streams, pieces, closed, shut, full, blocked, watched, crowds };
    static const char *const names[] = { "what is sent", "pieces", "closed", "shut", "full", "blocked", "watched", "many threads" };
    begin();
    signal(SIGPIPE, count_signal);
    for (int part = 0; part < (int)(sizeof(parts) / sizeof(parts[0])); part++)
        for (int i = 0; i < 3; i++) {
            printf("-- %s: %s\n", names[part], type_names[i]);
            fflush(stdout);
            parts[part](types[i]);
        }
    printf("-- interrupted\n");
    interrupted();
    printf("-- inherited\n");
    inherited();
    printf("-- descriptors\n");
    descriptors();
    return 0;
}
