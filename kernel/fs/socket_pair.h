/* What the two files of a pair of sockets have in common, for socket.c, which moves messages, and socket_file.c.

   Locks: the pair's, over both ends. An end's mutex `reading`, before it: who holds it may follow the messages of the end, which nobody
   else takes away then. Who tells watchers does that after the lock; its own file keeps the pair there meanwhile. */
#pragma once

#include "fs/poll.h"
#include "fs/socket.h"
#include "sched/mutex.h"

enum { SHUT_RECEIVE = 1, SHUT_SEND, SHUT_BOTH };

struct message {
    struct list link; /* [l] */
    size_t size;      /* [c] */
    size_t taken;     /* [m] bytes of the front that have been read */
    char bytes[];
};

struct end {
    struct socket_pair *pair;     /* [c] */
    struct end *other;            /* [c] */
    struct list messages;         /* [l] to be read here; taken away under `reading` as well, while the end is open */
    size_t used;                  /* [l] of SOCKET_ROOM, by messages that this end sent */
    u32 shut;                     /* [l] SHUT_* */
    int error;                    /* [l] which nobody was told yet */
    bool closed;                  /* [l] its file has gone */
    bool parted;                  /* [l] of datagrams: it knows that the other one is closed */
    struct mutex reading;
    struct wait_queue can_receive; /* [l] who waits for a message, or for the end */
    struct wait_queue can_send;    /* [l] who waits for room */
    struct poll_source source;
    char name[32];                 /* [c] its file's */
};

struct socket_pair {
    struct spinlock lock;
    u32 refs;                  /* [a] of its two files */
    int type;                  /* [c] SOCK_* */
    struct socket_maker maker; /* [c] */
    struct end end[2];
};

#define NEWS_IN (POLLIN | POLLRDNORM)
#define NEWS_OUT (POLLOUT | POLLWRNORM | POLLWRBAND)

static inline u64 end_lock(struct end *end)
{
    return spin_lock_irq(&end->pair->lock);
}

static inline void end_unlock(struct end *end, u64 flags)
{
    spin_unlock_irq(&end->pair->lock, flags);
}

/* A sender's room counts as such while a quarter is used at most: Linux's rule, which polls and wakes go by. */
static inline bool end_has_room(const struct end *end)
{
    return end->used <= SOCKET_ROOM / 4;
}

/* Frees all that is to be read. `reading` is held, or the end is closed. */
void socket_throw_away(struct end *end);
/* The error that nobody was told yet, once; or 0. The pair's lock is held. */
static inline int end_take_error(struct end *end)
{
    int error = -end->error;

    end->error = 0;
    return error;
}
