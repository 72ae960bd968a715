/* What pairs of sockets send and receive (socket.h, socket_pair.h). It becomes a message in memory first, and then stands in the receiver's
   list; so bytes are copied from and to programs without a spinlock. A stream's messages are pieces of it, which a reader may take in
   parts. */
#include "fs/context.h"
#include "fs/socket_pair.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

#define PIECE_MOST (32768 - sizeof(struct message)) /* bytes of a stream in one message */
#define PACKET_MOST (SOCKET_ROOM - 32)              /* in any message, as on Linux */
#define AT_END 1

/* --- pieces of programs' memory --- */

/* Goes on to the next piece where one is at its end. Returns how many of n bytes the current one has. */
static size_t piece(struct pieces *p, size_t n)
{
    while (!p->io.left && p->count) {
        p->io.at = p->next->base;
        p->io.left = p->next->length;
        p->next++;
        p->count--;
    }
    return min(n, p->io.left);
}

/* n <= p->left bytes. Returns 0 or -EFAULT. */
static int move(struct pieces *p, char *bytes, size_t n, bool out)
{
    int error = 0;

    for (size_t part; n && !error; n -= part, bytes += part) {
        part = piece(p, n);
        error = out ? io_put(&p->io, bytes, part) : io_get(&p->io, bytes, part);
        p->left -= part;
    }
    return error;
}

/* --- messages --- */

static size_t charge(const struct message *m)
{
    return sizeof(*m) + m->size;
}

/* The next n bytes, or NULL with *error. */
static struct message *message_new(struct pieces *from, size_t n, int *error)
{
    struct message *m = kmalloc(sizeof(*m) + n);

    *error = m ? move(from, m->bytes, n, false) : -ENOMEM;
    if (!*error) {
        m->size = n;
        return m;
    }
    kfree(m);
    return NULL;
}

/* The message leaves the list of its receiver. The pair's lock is held. Returns whether that is news to its sender. */
static bool remove_locked(struct end *receiver, struct message *m)
{
    struct end *sender = receiver->other;

    list_remove(&m->link);
    sender->used -= charge(m);
    if (end_has_room(sender))
        wake_all(&sender->can_send);
    return end_has_room(sender) && !sender->closed;
}

void socket_throw_away(struct end *end)
{
    struct message *m;
    bool news;
    u64 flags;

    do {
        flags = end_lock(end);
        m = list_empty(&end->messages) ? NULL : list_entry(end->messages.next, struct message, link);
        news = m && remove_locked(end, m);
        end_unlock(end, flags);
        if (news)
            poll_changed(&end->other->source, NEWS_OUT);
        kfree(m);
    } while (m);
}

/* --- receiving --- */

static bool is_stream(const struct end *end)
{
    return end->pair->type == SOCK_STREAM;
}

/* Waits until there is something to read. Returns 0, AT_END or an error. Somebody else may be faster. */
static int await_message(struct end *end, bool wait)
{
    u64 flags = end_lock(end);
    int result = 0;

    while (!result) {
        if (end->error && (!is_stream(end) || list_empty(&end->messages)))
            result = end_take_error(end);
        else if (!list_empty(&end->messages))
            break;
        else if (end->shut & SHUT_RECEIVE && (wait || end->pair->type != SOCK_DGRAM))
            result = AT_END;
        else
            result = wait ? wait_interruptible(&end->can_receive, &end->pair->lock) : -EAGAIN;
    }
    end_unlock(end, flags);
    return result;
}

/* The message behind `m` (NULL: the first one), or NULL. `reading` is held. */
static struct message *next_message(struct end *end, struct message *m)
{
    struct list *at = m ? &m->link : &end->messages;
    u64 flags = end_lock(end);

    at = at->next;
    end_unlock(end, flags);
    return at == &end->messages ? NULL : list_entry(at, struct message, link);
}

/* n more bytes of the first message have been read; with the last one it goes. `reading` is held. */
static void consume(struct end *end, struct message *m, size_t n)
{
    bool news = false, all;
    u64 flags = end_lock(end);

    m->taken += n;
    all = m->taken == m->size;
    if (all)
        news = remove_locked(end, m);
    end_unlock(end, flags);
    if (news)
        poll_changed(&end->other->source, NEWS_OUT);
    if (all)
        kfree(m);
}

/* Of a stream: what is there. Returns how many bytes, or -EFAULT if that comes before the first one. */
static s64 take_bytes(struct end *end, struct pieces *to, bool peek)
{
    struct message *m;
    s64 done = 0;
    int error = 0;

    mutex_lock(&end->reading);
    for (m = next_message(end, NULL); m && to->left && !error;) {
        size_t part = min(to->left, m->size - m->taken);

        error = move(to, m->bytes + m->taken, part, true);
        if (error)
            break;
        done += (s64)part;
        if (peek) {
            m = next_message(end, m);
        } else {
            consume(end, m, part);
            m = next_message(end, NULL);
        }
    }
    mutex_unlock(&end->reading);
    return done ? done : error;
}

static s64 receive_bytes(struct end *end, struct pieces *to, u32 flags, bool wait)
{
    size_t least = flags & MSG_WAITALL ? to->left : min(to->left, 1ul);
    s64 done = 0, part = 0;

    do {
        int error = await_message(end, wait);

        if (error)
            return done || error == AT_END ? done : error;
        part = take_bytes(end, to, flags & MSG_PEEK);
        if (part > 0)
            done += part;
    } while (part >= 0 && (size_t)done < least && !(done && flags & MSG_PEEK));
    return done ? done : part;
}

static s64 receive_message(struct end *end, struct pieces *to, u32 flags, bool wait, u32 *told)
{
    struct message *m = NULL;
    size_t size, part;
    int error;

    while (!m) {
        error = await_message(end, wait);
        if (error)
            return error == AT_END ? 0 : error;
        mutex_lock(&end->reading);
        m = next_message(end, NULL);
        if (!m)
            mutex_unlock(&end->reading);
    }
    size = m->size;
    part = min(size, to->left);
    error = move(to, m->bytes, part, true);
    if (!(flags & MSG_PEEK))
        consume(end, m, size);
    mutex_unlock(&end->reading);
    if (part < size)
        *told |= MSG_TRUNC;
    return error ? error : (s64)(flags & MSG_TRUNC ? size : part);
}

/* Whether the call may wait. */
static bool waits(const struct file *file, u32 flags)
{
    return !(file->flags & O_NONBLOCK || flags & MSG_DONTWAIT);
}

s64 socket_receive(struct file *file, struct pieces *to, u32 flags, u32 *told)
{
    struct end *end = file->data;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (is_stream(end))
        return receive_bytes(end, to, flags, waits(file, flags));
    return receive_message(end, to, flags, waits(file, flags), told);
}

/* --- sending --- */

/* Waits for room. Returns 0 or an error. */
static int await_room(struct end *end, bool wait)
{
    u64 flags = end_lock(end);
    int result = 0;

    while (!result) {
        if (end->error)
            result = end_take_error(end);
        else if (end->shut & SHUT_SEND)
            result = -EPIPE;
        else if (end->used < SOCKET_ROOM)
            break;
        else
            result = wait ? wait_interruptible(&end->can_send, &end->pair->lock) : -EAGAIN;
    }
    end_unlock(end, flags);
    return result;
}

/* The message goes to the other end, if that is there and reads. Returns 0; -EPIPE, or -ECONNREFUSED: it is the caller's yet. */
static int deliver(struct end *end, struct message *m)
{
    struct end *other = end->other;
    u64 flags = end_lock(end);
    int error = 0;

    if (other->closed && end->pair->type == SOCK_DGRAM) {
        end->parted = true;
        error = -ECONNREFUSED;
    } else if (other->closed || other->shut & SHUT_RECEIVE) {
        error = -EPIPE;
    } else {
        list_push_tail(&other->messages, &m->link);
        end->used += charge(m);
        wake_all(&other->can_receive);
    }
    end_unlock(end, flags);
    if (!error)
        poll_changed(&other->source, NEWS_IN);
    return error;
}

static bool may_not_send(struct end *end)
{
    u64 flags = end_lock(end);
    bool shut = end->shut & SHUT_SEND;

    end_unlock(end, flags);
    return shut;
}

static s64 send_bytes(struct end *end, struct pieces *from, u32 flags, bool wait)
{
    bool broken = may_not_send(end);
    int error = broken ? -EPIPE : 0;
    s64 done = 0;

    while (from->left && !error) {
        size_t part = min(from->left, PIECE_MOST);
        struct message *m = NULL;

        error = await_room(end, wait);
        if (!error)
            m = message_new(from, part, &error);
        if (m) {
            error = deliver(end, m);
            broken = error != 0;
        }
        if (m && error)
            kfree(m);
        else if (m)
            done += (s64)part;
    }
    if (broken && !done && !(flags & MSG_NOSIGNAL))
        fs_hooks->signal_self(SIGPIPE);
    return done ? done : error;
}

/* What was sent to an end that has parted from the other one is lost with it. */
static void part(struct end *end)
{
    mutex_lock(&end->reading);
    socket_throw_away(end);
    mutex_unlock(&end->reading);
}

static s64 send_message(struct file *file, struct pieces *from, bool wait)
{
    struct end *end = file->data;
    size_t size = from->left;
    struct message *m;
    int error;

    if (!socket_is_joined(file))
        return -ENOTCONN;
    if (size > PACKET_MOST)
        return end->pair->type == SOCK_SEQPACKET ? socket_error(file) ?: -EMSGSIZE : -EMSGSIZE;
    error = await_room(end, wait);
    if (error)
        return error;
    m = message_new(from, size, &error);
    if (!m)
        return error;
    error = deliver(end, m);
    if (!error)
        return (s64)size;
    kfree(m);
    if (error == -ECONNREFUSED)
        part(end);
    return error;
}

s64 socket_send(struct file *file, struct pieces *from, u32 flags)
{
    struct end *end = file->data;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    return is_stream(end) ? send_bytes(end, from, flags, waits(file, flags)) : send_message(file, from, waits(file, flags));
}
