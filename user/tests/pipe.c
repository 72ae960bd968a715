/* Pipes: order, blocking, end of file, EPIPE, fullness, atomic writes; and poll. */

#include "show.h"

#include <fcntl.h>
#include <poll.h>

static char buffer[200000];

static void basics(void)
{
    int fds[2];
    show("pipe", pipe(fds));
    show("write", write(fds[1], "hello", 5));
    show("read a part", read(fds[0], buffer, 2));
    show("read the rest", read(fds[0], buffer + 2, 100));
    show_text("text", buffer);
    show("write nothing", write(fds[1], "", 0));
    show_call("read of the writing end", read(fds[1], buffer, 1));
    show_call("write of the reading end", write(fds[0], "x", 1));
    show_call("seek", lseek(fds[0], 0, SEEK_SET));
    close(fds[1]);
    show("read with no writer left", read(fds[0], buffer, 10));
    close(fds[0]);
}

static void no_reader(void)
{
    int fds[2];
    pipe(fds);
    close(fds[0]);
    pid_t pid = split();
    if (pid == 0) {
        write(fds[1], "x", 1);
        _exit(1);
    }
    show_status("write without a reader", wait_for(pid));
    signal(SIGPIPE, SIG_IGN);
    show_call("the same with SIGPIPE ignored", write(fds[1], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    close(fds[1]);
}

static void not_blocking(void)
{
    int fds[2];
    show("pipe2", pipe2(fds, O_NONBLOCK | O_CLOEXEC));
    show_call("read of an empty one", read(fds[0], buffer, 1));
    show("close-on-exec", fcntl(fds[0], F_GETFD));
    long total = 0, n;
    while ((n = write(fds[1], buffer, 4096)) > 0)
        total += n;
    show_call("write to a full one", n);
    show_true("it held some 4096 bytes at least", total >= 4096);
    show("one byte out", read(fds[0], buffer, 1));
    show_call("4096 do not fit", write(fds[1], buffer, 4096));
    read(fds[0], buffer, 4095);
    show_call("now they do", write(fds[1], buffer, 4096));
    show_call("a bad flag", pipe2(fds, 1));
    close(fds[0]);
    close(fds[1]);
}

static void much(void)
{
    int fds[2];
    pipe(fds);
    pid_t pid = split();
    if (pid == 0) {
        close(fds[0]);
        for (size_t i = 0; i < sizeof(buffer); i++)
            buffer[i] = i * 13 + i / 251;
        _exit(write(fds[1], buffer, sizeof(buffer)) != (long)sizeof(buffer));
    }
    close(fds[1]);
    unsigned long got = 0, wrong = 0;
    static char part[3000];
    for (long n; (n = read(fds[0], part, sizeof(part))) > 0;)
        for (long i = 0; i < n; i++, got++)
            wrong += part[i] != (char)(got * 13 + got / 251);
    show("bytes through the pipe", got);
    show("wrong ones", wrong);
    show_status("the writer", wait_for(pid));
    close(fds[0]);
}

/* Four writers, pieces of 500 bytes: each arrives in one piece. */
static void atomic(void)
{
    int fds[2];
    pipe(fds);
    fflush(stdout);
    for (int w = 0; w < 4; w++) {
        if (split() == 0) {
            char piece[500];
            memset(piece, 'a' + w, sizeof(piece));
            for (int i = 0; i < 50; i++)
                write(fds[1], piece, sizeof(piece));
            _exit(0);
        }
    }
    close(fds[1]);
    long pieces = 0, torn = 0, have = 0;
    char piece[500];
    for (long n; (n = read(fds[0], piece + have, sizeof(piece) - have)) > 0;) {
        have += n;
        if (have < (long)sizeof(piece))
            continue;
        pieces++;
        for (size_t i = 1; i < sizeof(piece); i++)
            torn += piece[i] != piece[0];
        have = 0;
    }
    show("pieces", pieces);
    show("torn", torn);
    for (int w = 0; w < 4; w++)
        wait(NULL);
    close(fds[0]);
}

static void blocked_reader(void)
{
    int fds[2];
    pipe(fds);
    pid_t pid = split();
    if (pid == 0) {
        close(fds[1]);
        char c;
        long n = read(fds[0], &c, 1);
        _exit(n == 1 ? c : 1);
    }
    close(fds[0]);
    write(fds[1], "A", 1);
    show_status("woken by a write", wait_for(pid));
    close(fds[1]);
}

static void polled(const char *name, int fd, short events)
{
    struct pollfd one = { fd, events, 0 };
    int n = poll(&one, 1, 0);
    printf("%s: %d%s%s%s%s%s\n", name, n, one.revents & POLLIN ? " in" : "", one.revents & POLLOUT ? " out" : "",
           one.revents & POLLHUP ? " hup" : "", one.revents & POLLERR ? " err" : "", one.revents & POLLNVAL ? " nval" : "");
}

static void polling(void)
{
    int fds[2];
    pipe(fds);
    polled("empty, reading end", fds[0], POLLIN | POLLOUT);
    polled("empty, writing end", fds[1], POLLIN | POLLOUT);
    write(fds[1], "x", 1);
    polled("one byte, reading end", fds[0], POLLIN);
    polled("not asked for", fds[0], 0);
    polled("a negative descriptor", -1, POLLIN);
    polled("a closed descriptor", 999, POLLIN);
    close(fds[1]);
    polled("writer gone, a byte left", fds[0], POLLIN);
    read(fds[0], buffer, 1);
    polled("writer gone, empty", fds[0], POLLIN);
    close(fds[0]);
    pipe(fds);
    close(fds[0]);
    polled("reader gone", fds[1], POLLOUT);
    close(fds[1]);
    pipe(fds);
    struct pollfd two[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLOUT, 0 } };
    show("two at once", poll(two, 2, 1000));
    show("time over", poll(two, 1, 10));
    show("nobody, 5 ms", poll(NULL, 0, 5));
    pid_t pid = split();
    if (pid == 0) {
        usleep(20000);
        write(fds[1], "y", 1);
        _exit(0);
    }
    show("waits until a byte comes", poll(two, 1, -1));
    wait_for(pid);
    close(fds[0]);
    close(fds[1]);
    int file = open("poll-file", O_CREAT | O_RDWR, 0600);
    polled("a file", file, POLLIN | POLLOUT);
    close(file);
    unlink("poll-file");
}

int main(void)
{
    begin();
    basics();
    no_reader();
    not_blocking();
    much();
    atomic();
    blocked_reader();
    polling();
    return 0;
}
