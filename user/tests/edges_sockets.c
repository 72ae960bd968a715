/* System calls at their edges: sockets. What they do beyond: sockets.c. */

#include "edges.h"

enum { UNIX = 1, STREAM = 1, DGRAM, RAW, SEQPACKET = 5, SOCKET = 1, OOB = 1, PEEK = 2, DONTWAIT = 0x40, NOSIGNAL = 0x4000 };

static int pair[2], size, many = 1000, minus = -1;
static char name[128] = { UNIX }, other_family[16] = { 2 };

struct header {
    void *name;
    int name_size;
    void *pieces;
    unsigned long count;
    void *control;
    unsigned long control_size;
    int flags;
};

static void making(void)
{
    E(socket, -1, STREAM, 0);
    E(socket, 46, STREAM, 0);
    E(socket, 46, 11, 0);
    E(socket, 12, STREAM, 0);
    E(socket, 12, 11, 0);
    E(socket, 12, -1, 0);
    E(socket, 12, STREAM | 0x10, 0);
    E(socketpair, UNIX, STREAM, 0, pair);
    V(pair[1] - pair[0]);
    E(socketpair, UNIX, STREAM, 1, pair);
    E(socketpair, UNIX, RAW, 0, pair);
    size = 4;
    E(getsockopt, pair[0], SOCKET, 3, &many, &size);
    V(many);
    E(socketpair, UNIX, STREAM, 2, pair);
    E(socketpair, UNIX, 4, 0, pair);
    E(socketpair, UNIX, 0, 0, pair);
    E(socketpair, UNIX, 10, 0, pair);
    E(socketpair, UNIX, 11, 0, pair);
    E(socketpair, UNIX, STREAM | 0x10, 0, NOWHERE);
    E(socketpair, 12, STREAM, 0, pair);
    E(socketpair, 46, STREAM, 0, pair);
    E(socketpair, 46, 11, 0, pair);
    E(socketpair, 46, STREAM, 0, NOWHERE);
    E(socketpair, UNIX, STREAM, 0, NULL);
    E(socketpair, UNIX, STREAM, 0, KERNEL);
    E(socketpair, UNIX, STREAM, 0, BEFORE_END(7));
    E(socketpair, UNIX, STREAM, 0, read_only);
    E(dup, 0);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 8, 8 });
    E(socketpair, UNIX, STREAM, 0, pair);
    E(dup, 0);
    E(socketpair, UNIX, STREAM, 0, NOWHERE);
    E(socketpair, 46, STREAM, 0, pair);
}

static void no_socket(void)
{
    file_at(10, "file", O_RDWR, 1);
    E(sendto, 10, buffer, 1, 0, NULL, 0);
    E(sendto, 99, buffer, 1, 0, NULL, 0);
    E(sendto, 99, KERNEL, 1, 0, NULL, 0);
    E(recvfrom, 10, buffer, 1, 0, NULL, NULL);
    E(recvfrom, 99, KERNEL, 1, 0, NULL, NULL);
    E(sendmsg, 10, NOWHERE, 0);
    E(sendmsg, 99, NOWHERE, 0);
    E(recvmsg, 10, NOWHERE, 0);
    E(recvmsg, 99, NOWHERE, 0);
    E(shutdown, 10, 7);
    E(shutdown, 99, 7);
    E(getsockname, 10, NOWHERE, NOWHERE);
    E(getpeername, 99, NOWHERE, NOWHERE);
    E(getsockopt, 10, SOCKET, 3, NOWHERE, NOWHERE);
    E(getsockopt, 99, SOCKET, 3, NOWHERE, NOWHERE);
}

static void sending_on(int type)
{
    CALL(socketpair, UNIX, type, 0, pair);
    E(sendto, pair[0], "abc", 3, 0, NULL, 0);
    E(sendto, pair[0], "abc", 3, 0, NULL, 99);
    E(sendto, pair[0], "abc", 3, 0, NOWHERE, 0);
    E(sendto, pair[0], "abc", 3, 0, NOWHERE, 2);
    E(sendto, pair[0], "abc", 3, 0, name, -1);
    E(sendto, pair[0], "abc", 3, 0, name, 129);
    E(sendto, pair[0], "abc", 3, 0, name, 128);
    E(sendto, pair[0], "abc", 3, 0, name, 2);
    E(sendto, pair[0], "abc", 3, 0, name, 8);
    E(sendto, pair[0], "abc", 3, 0, other_family, 16);
    E(sendto, pair[0], NOWHERE, 3, 0, NULL, 0);
    E(sendto, pair[0], NULL, 0, NOSIGNAL, NULL, 0);
    E(sendto, pair[0], KERNEL, 1, 0, NULL, 0);
    E(sendto, pair[0], BEFORE_END(2), 3, 0, NULL, 0);
    E(sendto, pair[0], "abc", 3, 0x800c0, NULL, 0);
    E(write, pair[0], NOWHERE, 1);
    E(pwrite64, pair[0], "a", 1, 0);
    E(pread64, pair[0], buffer, 1, 0);
    E(fsync, pair[0]);
    E(ftruncate, pair[0], 0);
    E(ioctl, pair[0], 0x5401, buffer);
    E(ioctl, pair[1], 0x541b, NOWHERE);
    E(mmap, 0, PAGE, 1, 1, pair[0], 0);
}

static void receiving_on(int type)
{
    CALL(socketpair, UNIX, type, 0, pair);
    E(recvfrom, pair[0], buffer, 1, DONTWAIT, NULL, NULL);
    E(recvfrom, pair[0], buffer, 0, DONTWAIT, NULL, NULL);
    if (type != STREAM) {
        E(recvfrom, pair[0], buffer, 1, OOB | DONTWAIT, NULL, NULL);
        E(sendto, pair[0], buffer, 1, OOB, NULL, 0);
    }
    E(recvfrom, pair[0], KERNEL, 1, DONTWAIT, NULL, NULL);
    for (int i = 0; i < 5; i++)
        write(pair[1], "abc", 3);
    size = sizeof(name);
    E(recvfrom, pair[0], buffer, 3, 0, name, &size);
    V(size);
    E(recvfrom, pair[0], buffer, 3, PEEK, name, NULL);
    E(recvfrom, pair[0], buffer, 3, PEEK, name, &minus);
    E(recvfrom, pair[0], buffer, 3, PEEK, NULL, &minus);
    E(recvfrom, pair[0], NOWHERE, 3, PEEK, NULL, NULL);
    E(recvfrom, pair[0], NOWHERE, 0, PEEK, NULL, NULL);
    E(recvfrom, pair[0], BEFORE_END(2), 3, 0, NULL, NULL);
    E(recvfrom, pair[0], BEFORE_END(2), 4, 0, NULL, NULL);
    E(read, pair[0], buffer, 100);
    E(read, pair[0], NOWHERE, 0);
}

static void headers_on(int type)
{
    struct { void *base; unsigned long n; } one = { "abc", 3 }, in = { buffer, 3 }, bad = { NOWHERE, 3 }, far = { KERNEL, 3 };
    struct header plain = { .pieces = &one, .count = 1 }, many_pieces = { .pieces = &one, .count = 1025 },
                  no_pieces = { .pieces = NOWHERE, .count = 1 }, bad_piece = { .pieces = &bad, .count = 1 },
                  far_piece = { .pieces = &far, .count = 1 }, named = { .name = name, .name_size = 8, .pieces = &one, .count = 1 },
                  bad_name = { .name = name, .name_size = -1, .pieces = &one, .count = 1 },
                  nameless = { .name_size = -1, .pieces = &one, .count = 1 },
                  control = { .pieces = &one, .count = 1, .control = buffer, .control_size = 16 },
                  little = { .pieces = &one, .count = 1, .control = buffer, .control_size = 8 },
                  to = { .name = name, .name_size = 100, .pieces = &in, .count = 1, .control = buffer, .control_size = 99 },
                  nothing = { 0 };
    memset(buffer, 0, sizeof(buffer));
    CALL(socketpair, UNIX, type, 0, pair);
    E(sendmsg, pair[0], &plain, 0);
    E(sendmsg, pair[0], NOWHERE, 0);
    E(sendmsg, pair[0], KERNEL, 0);
    E(sendmsg, pair[0], &many_pieces, 0);
    E(sendmsg, pair[0], &no_pieces, 0);
    E(sendmsg, pair[0], &bad_piece, 0);
    E(sendmsg, pair[0], &far_piece, 0);
    E(sendmsg, pair[0], &named, 0);
    E(sendmsg, pair[0], &bad_name, 0);
    E(sendmsg, pair[0], &nameless, 0);
    E(sendmsg, pair[0], &control, 0);
    E(sendmsg, pair[0], &little, 0);
    E(sendmsg, pair[0], &nothing, 0);
    E(recvmsg, pair[1], NOWHERE, DONTWAIT);
    E(recvmsg, pair[1], &many_pieces, DONTWAIT);
    E(recvmsg, pair[1], &bad_name, DONTWAIT);
    E(recvmsg, pair[1], &far_piece, DONTWAIT);
    E(recvmsg, pair[1], &to, 0x40000000);
    V(to.name_size);
    V(to.control_size);
    OCTAL(to.flags);
    E(recvmsg, pair[1], &nothing, PEEK | DONTWAIT);
}

static void sending(void)
{
    about("a stream");
    sending_on(STREAM);
    about("datagrams");
    sending_on(DGRAM);
    about("packets");
    sending_on(SEQPACKET);
}

static void receiving(void)
{
    about("a stream");
    receiving_on(STREAM);
    about("datagrams");
    receiving_on(DGRAM);
    about("packets");
    receiving_on(SEQPACKET);
}

static void headers(void)
{
    about("a stream");
    headers_on(STREAM);
    about("datagrams");
    headers_on(DGRAM);
    about("packets");
    headers_on(SEQPACKET);
}

static void asking(void)
{
    CALL(socketpair, UNIX, DGRAM, 0, pair);
    size = 100;
    E(getsockname, pair[0], name, &size);
    V(size);
    V(name[0]);
    E(getpeername, pair[0], name, &size);
    size = 1;
    E(getpeername, pair[0], name, &size);
    V(size);
    size = 0;
    E(getsockname, pair[0], NOWHERE, &size);
    E(getsockname, pair[0], NOWHERE, &many);
    E(getsockname, pair[0], name, &minus);
    E(getsockname, pair[0], name, NULL);
    size = 4;
    E(getsockopt, pair[0], SOCKET, 3, buffer, &size);
    V(size);
    many = 1000;
    E(getsockopt, pair[0], SOCKET, 3, buffer, &many);
    V(many);
    size = 2;
    E(getsockopt, pair[0], SOCKET, 3, buffer, &size);
    V(size);
    E(getsockopt, pair[0], SOCKET, 3, NOWHERE, &size);
    size = 0;
    E(getsockopt, pair[0], SOCKET, 3, buffer, &size);
    minus = -1;
    E(getsockopt, pair[0], SOCKET, 3, buffer, &minus);
    E(getsockopt, pair[0], SOCKET, 3, buffer, NOWHERE);
    size = 4;
    E(getsockopt, pair[0], SOCKET, 9999, buffer, &size);
    E(getsockopt, pair[0], SOCKET, 9999, buffer, &minus);
    E(getsockopt, pair[0], 6, 1, buffer, &size);
    E(getsockopt, pair[0], 6, 1, buffer, NOWHERE);
    many = 100;
    E(getsockopt, pair[0], SOCKET, 17, buffer, &many);
    V(many);
    size = 5;
    E(getsockopt, pair[0], SOCKET, 17, buffer, &size);
    V(size);
    E(shutdown, pair[0], -1);
    E(shutdown, pair[0], 3);
    E(shutdown, pair[0], 0);
    E(shutdown, pair[0], 0);
    close(pair[1]);
    E(getpeername, pair[0], name, &size);
    E(write, pair[0], "a", 1);
    E(getpeername, pair[0], name, &size);
    E(getpeername, pair[0], name, NOWHERE);
    E(write, pair[0], "a", 1);
}

int main(void)
{
    begin_edges();
    group("making", making);
    group("no socket", no_socket);
    group("sending", sending);
    group("receiving", receiving);
    group("headers", headers);
    group("asking", asking);
    return 0;
}
