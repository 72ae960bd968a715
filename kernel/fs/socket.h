/* Sockets: pairs of them (socketpair()), each joined with the other for good. What one sends, the other one receives: bytes in order, or
   messages one by one. There are no names and no others to join. Numbers and rules are Linux's for AF_UNIX. */
#pragma once

#include "fs/abi.h"
#include "fs/file.h"

#define AF_UNIX 1
#define AF_MAX 46

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_MAX 11
#define SOCK_TYPE_MASK 0xf
#define SOCK_NONBLOCK O_NONBLOCK
#define SOCK_CLOEXEC O_CLOEXEC

#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_WAITALL 0x100
#define MSG_NOSIGNAL 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define POLLWRBAND 0x200
#define POLLRDHUP 0x2000

#define SOCKET_ROOM 212992 /* bytes that may be on their way from one socket to the other */

/* A caller's memory in pieces. */
struct pieces {
    struct io io;             /* the current one */
    const struct iovec *next; /* of user memory; */
    u64 count;                /* so many follow */
    size_t left;              /* bytes in all */
};

/* Who made a pair, as the other side may ask (SO_PEERCRED). */
struct socket_maker {
    int pid;
    u32 uid, gid;
};

/* Makes two files of a pair of that type; flags: O_NONBLOCK. Returns 0; -ENOMEM, and there are none. */
int socket_pair_new(struct file *file[2], int type, u32 flags, struct socket_maker maker);
bool is_socket_file(const struct file *file);

/* Sends all of `from`, or as much as MSG_DONTWAIT and signals allow; of messages all or nothing. flags: MSG_*, those that are not known
   change nothing. Returns how many bytes; -EPIPE (with SIGPIPE, of a stream, unless MSG_NOSIGNAL), -ECONNREFUSED and then -ENOTCONN (the
   other one of two for datagrams is closed), -ECONNRESET, -EMSGSIZE, -EAGAIN, -EFAULT, -ENOMEM, or what the wait was ended by. */
s64 socket_send(struct file *file, struct pieces *from, u32 flags);
/* Receives bytes, or a message: of one that is longer than `to` the rest is lost, *told has MSG_TRUNC, and flags with MSG_TRUNC ask for its
   whole length. Waits for the first byte (MSG_WAITALL: for all). Returns how many bytes; 0 at the end; or an error. */
s64 socket_receive(struct file *file, struct pieces *to, u32 flags, u32 *told);
/* how: SHUT_*. */
void socket_shutdown(struct file *file, int how);

int socket_type(const struct file *file);
struct socket_maker socket_maker(const struct file *file);
/* The error that nobody was told yet, once; or 0. */
int socket_error(struct file *file);
/* Whether it has the other one yet: false once a datagram has found that closed. */
bool socket_is_joined(struct file *file);
