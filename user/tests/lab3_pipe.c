/* Lab 3.7: pipes. Nothing here needs a signal to be heard. */

#include "lab3.h"

#include <fcntl.h>
#include <poll.h>

static char buffer[200000];
static char untouched[40960]; /* nobody has written to it: its pages are made when the kernel copies to them */

static void make(int fds[2], int flags)
{
    if (pipe2(fds, flags)) {
        perror("pipe2");
        exit(1);
    }
}

static void in_order(void)
{
    int fds[2];
    make(fds, 0);
    show("write", write(fds[1], "hello", 5));
    show("write", write(fds[1], ", world", 7));
    show("a part", read(fds[0], buffer, 3));
    show("no more than there is", read(fds[0], buffer + 3, 100));
    show_text("text", buffer);
    show("into pages not yet made", write(fds[1], buffer, 9000));
    show("from the pipe", read(fds[0], untouched + 100, 9000));
    show("differences", memcmp(buffer, untouched + 100, 9000) != 0);
    close(fds[1]);
    show("end", read(fds[0], buffer, 10));
    show("end again", read(fds[0], buffer, 10));
}

/* 100 times around the ring's end, with pieces of every size. */
static void around(void)
{
    static char in[5000], out[5000];
    unsigned long put = 0, got = 0, wrong = 0;
    int fds[2];
    make(fds, 0);
    for (int round = 0; round < 400; round++) {
        int n = 1 + round * 37 % 5000;
        for (int i = 0; i < n; i++)
            in[i] = (put + i) * 7 + (put + i) / 251;
        put += write(fds[1], in, n);
        n = read(fds[0], out, sizeof(out));
        for (int i = 0; i < n; i++)
            wrong += out[i] != (char)((got + i) * 7 + (got + i) / 251);
        got += n;
    }
    show_true("as many out as in", put == got && put > 900000);
    show("wrong", wrong);
}

/* Who reads waits for who writes, and hears of the end. */
static void waits_for_bytes(void)
{
    volatile long *step = shared_numbers();
    int fds[2];
    make(fds, 0);
    pid_t pid = split();
    if (pid == 0) {
        close(fds[1]);
        *step = 1;
        long n = read(fds[0], buffer, 10);
        step[1] = n;
        *step = 2;
        n = read(fds[0], buffer, 10);
        step[1] = n;
        *step = 3;
        _exit(0);
    }
    close(fds[0]);
    until(step, 1);
    usleep(20000);
    show("while nothing is there it waits", *step);
    write(fds[1], "abc", 3);
    until(step, 2);
    show("it got", step[1]);
    usleep(20000);
    show("it waits again", *step);
    close(fds[1]);
    until(step, 3);
    show("nobody writes any more: it got", step[1]);
    show_status("then", wait_for(pid));
}

static void waits_for_room(void)
{
    volatile long *step = shared_numbers();
    int fds[2];
    make(fds, 0);
    show("as much as it holds", write(fds[1], buffer, 65536));
    pid_t pid = split();
    if (pid == 0) {
        *step = 1;
        step[1] = write(fds[1], buffer, 4096);
        *step = 2;
        _exit(0);
    }
    until(step, 1);
    usleep(20000);
    show("while it is full the writer waits", *step);
    show("some room", read(fds[0], buffer, 4095));
    usleep(20000);
    show("too little for all", *step);
    show("a byte more", read(fds[0], buffer, 1));
    until(step, 2);
    show("it wrote", step[1]);
    show_status("then", wait_for(pid));
}

static void much(void)
{
    int fds[2];
    make(fds, 0);
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
    show("bytes", got);
    show("wrong", wrong);
    show_status("the writer", wait_for(pid));
}

static void nobody_reads(void)
{
    volatile long *step = shared_numbers();
    int fds[2];
    signal(SIGPIPE, SIG_IGN);
    make(fds, 0);
    close(fds[0]);
    show_call("write", write(fds[1], "x", 1));
    show_call("of no byte", write(fds[1], "x", 0));
    close(fds[1]);
    make(fds, 0);
    pid_t pid = split();
    if (pid == 0) {
        close(fds[0]);
        *step = 1;
        step[1] = write(fds[1], buffer, sizeof(buffer));
        step[2] = write(fds[1], buffer, 1) < 0 ? errno : 0;
        _exit(0);
    }
    close(fds[1]);
    until(step, 1);
    usleep(20000);
    close(fds[0]);
    show_status("the writer goes on", wait_for(pid));
    show("it says how much it had written", step[1]);
    show_text("and from then on", strerror(step[2]));
    make(fds, O_NONBLOCK);
    write(fds[1], buffer, 65536);
    close(fds[0]);
    show_call("full, and nobody reads", write(fds[1], "x", 1));
}

static void not_waiting(void)
{
    int fds[2];
    make(fds, O_NONBLOCK);
    show_call("read, empty", read(fds[0], buffer, 1));
    show("more than fits", write(fds[1], buffer, 70000));
    show_call("full", write(fds[1], buffer, 1));
    show("one byte out", read(fds[0], buffer, 1));
    show_call("4096 do not fit", write(fds[1], buffer, 4096));
    show_call("nor are they split", write(fds[1], buffer, 2));
    show("all out", read(fds[0], buffer, 100000));
    show_call("empty again", read(fds[0], buffer, 1));
    close(fds[1]);
    show("end", read(fds[0], buffer, 1));
}

static void bad_memory(void)
{
    int fds[2];
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    make(fds, O_NONBLOCK);
    write(fds[1], "abcdefgh", 8);
    show_call("read to nowhere", read(fds[0], page + 4096, 8));
    show("the bytes are still there", read(fds[0], buffer, 100));
    show_text("and they are", buffer);
    show_call("write from nowhere", write(fds[1], page + 4096, 8));
    show_call("nothing came in", read(fds[0], buffer, 8));
    show("the pipe goes on", write(fds[1], "x", 1));
    show("and on", read(fds[0], buffer, 8));
    page = mmap(NULL, 65536 + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 65536, 4096);
    make(fds, 0);
    pid_t pid = split();
    if (pid == 0) {
        close(fds[1]);
        while (read(fds[0], buffer, sizeof(buffer)) > 0)
            ;
        _exit(0);
    }
    show_call("a part from nowhere", write(fds[1], page, 65536 + 4096));
    close(fds[1]);
    wait_for(pid);
}

/* Four writers, pieces of 500 bytes: each arrives in one piece, and none is lost. */
static void together(void)
{
    int fds[2];
    make(fds, 0);
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
}

static void killed(void)
{
    volatile long *step = shared_numbers();
    int fds[2];
    make(fds, 0);
    write(fds[1], buffer, 65536);
    pid_t writer = split();
    if (writer == 0) {
        *step = 1;
        write(fds[1], "x", 1);
        _exit(1);
    }
    until(step, 1);
    int empty[2];
    make(empty, 0);
    pid_t reader = split();
    if (reader == 0) {
        *step = 2;
        read(empty[0], buffer, 1);
        _exit(1);
    }
    until(step, 2);
    usleep(20000);
    kill(writer, SIGKILL);
    kill(reader, SIGKILL);
    show_status("who waited for room", wait_for(writer));
    show_status("who waited for bytes", wait_for(reader));
    show("room is still missing", fcntl(fds[1], F_SETFL, O_NONBLOCK) || write(fds[1], "x", 1) > 0);
}

static void polled(const char *name, int fd, short events)
{
    struct pollfd one = { fd, events, 0 };
    int n = poll(&one, 1, 0);
    printf("%s: %d%s%s%s%s\n", name, n, one.revents & POLLIN ? " in" : "", one.revents & POLLOUT ? " out" : "",
           one.revents & POLLHUP ? " hup" : "", one.revents & POLLERR ? " err" : "");
}

/* poll() hears of bytes, of room and of the end that come while it waits. */
static void watched(void)
{
    volatile long *heard = shared_numbers();
    int there[2], back[2];
    make(there, 0);
    make(back, O_NONBLOCK);
    while (write(back[1], buffer, 4096) > 0)
        ;
    pid_t pid = split();
    if (pid == 0) {
        close(there[0]);
        close(back[1]);
        usleep(20000);
        write(there[1], "x", 1);
        until(heard, 1);
        usleep(20000);
        read(back[0], buffer, 8192);
        until(heard, 2);
        usleep(20000);
        _exit(0);
    }
    close(there[1]);
    close(back[0]);
    struct pollfd fds[2] = { { there[0], POLLIN, 0 }, { back[1], POLLOUT, 0 } };
    show("a byte comes", poll(fds, 1, -1));
    read(there[0], buffer, 1);
    *heard = 1;
    show("room comes", poll(fds + 1, 1, -1));
    write(back[1], buffer, 8192);
    *heard = 2;
    show("the end comes", poll(fds, 1, -1));
    polled("then", there[0], POLLIN);
    polled("and the other way", back[1], POLLOUT);
    wait_for(pid);
}

static const struct part parts[] = {
    { "in_order", in_order }, { "around", around }, { "waits_for_bytes", waits_for_bytes }, { "waits_for_room", waits_for_room },
    { "much", much }, { "nobody_reads", nobody_reads }, { "not_waiting", not_waiting }, { "bad_memory", bad_memory },
    { "together", together }, { "killed", killed }, { "watched", watched },
};

int main(int argc, char **argv)
{
    return run_parts(argc, argv, parts, sizeof(parts) / sizeof(*parts));
}
