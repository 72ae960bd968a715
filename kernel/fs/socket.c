/* Pairs of sockets (socket.h). What is sent becomes a message in memory first, and then stands in the receiver's list; so bytes are copied
   from and to programs without a spinlock. A stream's messages are pieces of it, which a reader may take in parts.

   Locks: the pair's, over both ends. An end's mutex `reading`, before it: who holds it may follow the messages of the end, which nobody
   else takes away then. Who tells watchers does that after the lock; its own file keeps the pair there meanwhile. */
#include "fs/socket.h"
#include "fs/context.h"
#include "fs/memfs.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mm/slab.h"
#include "sched/interrupt.h"
#include "sched/mutex.h"

#define PIECE_MOST (32768 - sizeof(struct message)) /* bytes of a stream in one message */
#define PACKET_MOST (SOCKET_ROOM - 32)              /* in any message, as on Linux */
#define AT_END 1

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

static const u32 news_in = POLLIN | POLLRDNORM, news_out = POLLOUT | POLLWRNORM | POLLWRBAND;

static u64 lock(struct end *end)
{
    return spin_lock_irq(&end->pair->lock);
}

static void unlock(struct end *end, u64 flags)
{
    spin_unlock_irq(&end->pair->lock, flags);
}

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

/* A sender's room counts as such while a quarter is used at most: Linux's rule, which polls and wakes go by. */
static bool has_room(const struct end *end)
{
    return end->used <= SOCKET_ROOM / 4;
}

/* The message leaves the list of its receiver. The pair's lock is held. Returns whether that is news to its sender. */
static bool remove_locked(struct end *receiver, struct message *m)
{
    struct end *sender = receiver->other;

    list_remove(&m->link);
    sender->used -= charge(m);
    if (has_room(sender))
        wake_all(&sender->can_send);
    return has_room(sender) && !sender->closed;
}

/* Frees all that is to be read. `reading` is held, or the end is closed. */
static void throw_away(struct end *end)
{
    struct message *m;
    bool news;
    u64 flags;

    do {
        flags = lock(end);
        m = list_empty(&end->messages) ? NULL : list_entry(end->messages.next, struct message, link);
        news = m && remove_locked(end, m);
        unlock(end, flags);
        if (news)
            poll_changed(&end->other->source, news_out);
        kfree(m);
    } while (m);
}

/* --- receiving --- */

static bool is_stream(const struct end *end)
{
    return end->pair->type == SOCK_STREAM;
}

static int take_error_locked(struct end *end)
{
    int error = -end->error;

    end->error = 0;
    return error;
}

/* Waits until there is something to read. Returns 0, AT_END or an error. Somebody else may be faster. */
static int await_message(struct end *end, bool wait)
{
    u64 flags = lock(end);
    int result = 0;

    while (!result) {
        if (end->error && (!is_stream(end) || list_empty(&end->messages)))
            result = take_error_locked(end);
        else if (!list_empty(&end->messages))
            break;
        else if (end->shut & SHUT_RECEIVE && (wait || end->pair->type != SOCK_DGRAM))
            result = AT_END;
        else
            result = wait ? wait_interruptible(&end->can_receive, &end->pair->lock) : -EAGAIN;
    }
    unlock(end, flags);
    return result;
}

/* The message behind `m` (NULL: the first one), or NULL. `reading` is held. */
static struct message *next_message(struct end *end, struct message *m)
{
    struct list *at = m ? &m->link : &end->messages;
    u64 flags = lock(end);

    at = at->next;
    unlock(end, flags);
    return at == &end->messages ? NULL : list_entry(at, struct message, link);
}

/* n more bytes of the first message have been read; with the last one it goes. `reading` is held. */
static void consume(struct end *end, struct message *m, size_t n)
{
    bool news = false, all;
    u64 flags = lock(end);

    m->taken += n;
    all = m->taken == m->size;
    if (all)
        news = remove_locked(end, m);
    unlock(end, flags);
    if (news)
        poll_changed(&end->other->source, news_out);
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
    u64 flags = lock(end);
    int result = 0;

    while (!result) {
        if (end->error)
            result = take_error_locked(end);
        else if (end->shut & SHUT_SEND)
            result = -EPIPE;
        else if (end->used < SOCKET_ROOM)
            break;
        else
            result = wait ? wait_interruptible(&end->can_send, &end->pair->lock) : -EAGAIN;
    }
    unlock(end, flags);
    return result;
}

/* The message goes to the other end, if that is there and reads. Returns 0; -EPIPE, or -ECONNREFUSED: it is the caller's yet. */
static int deliver(struct end *end, struct message *m)
{
    struct end *other = end->other;
    u64 flags = lock(end);
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
    unlock(end, flags);
    if (!error)
        poll_changed(&other->source, news_in);
    return error;
}

static bool may_not_send(struct end *end)
{
    u64 flags = lock(end);
    bool shut = end->shut & SHUT_SEND;

    unlock(end, flags);
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
    throw_away(end);
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

/* --- what else is asked --- */

void socket_shutdown(struct file *file, int how)
{
    struct end *end = file->data, *other = end->other;
    u32 here = (u32)how + 1, there = (here & SHUT_RECEIVE ? SHUT_SEND : 0) | (here & SHUT_SEND ? SHUT_RECEIVE : 0);
    bool both = end->pair->type != SOCK_DGRAM;
    u64 flags = lock(end);

    end->shut |= here;
    other->shut |= both ? there : 0;
    for (int i = 0; i < 2; i++) {
        wake_all(&end->pair->end[i].can_receive);
        wake_all(&end->pair->end[i].can_send);
    }
    unlock(end, flags);
    poll_changed(&end->source, POLL_ANY);
    if (both)
        poll_changed(&other->source, POLL_ANY);
}

int socket_type(const struct file *file)
{
    return ((const struct end *)file->data)->pair->type;
}

struct socket_maker socket_maker(const struct file *file)
{
    return ((const struct end *)file->data)->pair->maker;
}

int socket_error(struct file *file)
{
    struct end *end = file->data;
    u64 flags = lock(end);
    int error = take_error_locked(end);

    unlock(end, flags);
    return error;
}

bool socket_is_joined(struct file *file)
{
    struct end *end = file->data;
    u64 flags = lock(end);
    bool joined = !end->parted;

    unlock(end, flags);
    return joined;
}

/* --- the file --- */

static s64 read_file(struct file *file, struct io *io)
{
    struct pieces to = { .io = *io, .left = io->left };
    u32 told = 0;

    return io->left ? socket_receive(file, &to, 0, &told) : 0;
}

static s64 write_file(struct file *file, struct io *io)
{
    struct pieces from = { .io = *io, .left = io->left };

    return socket_send(file, &from, 0);
}

static s64 move_pieces(struct file *file, const struct iovec *list, u64 count, size_t total, bool write)
{
    struct pieces pieces = { .io = { .user = true }, .next = list, .count = count, .left = total };
    u32 told = 0;

    if (!total)
        return 0;
    return write ? socket_send(file, &pieces, 0) : socket_receive(file, &pieces, 0, &told);
}

static u32 poll_file(struct file *file)
{
    struct end *end = file->data;
    u64 flags = lock(end);
    u32 events = end->error ? POLLERR : 0;

    if (end->shut & SHUT_RECEIVE)
        events |= POLLRDHUP | news_in;
    if (end->shut == SHUT_BOTH)
        events |= POLLHUP;
    if (!list_empty(&end->messages))
        events |= news_in;
    if (has_room(end))
        events |= news_out;
    unlock(end, flags);
    return events;
}

static struct poll_source *source_of(struct file *file)
{
    return &((struct end *)file->data)->source;
}

/* Bytes to be read; of datagrams, the first one's. */
static int count_bytes(struct end *end)
{
    u64 flags = lock(end);
    size_t n = 0;

    list_for_each(it, &end->messages) {
        const struct message *m = list_entry(it, struct message, link);

        n += m->size - m->taken;
        if (end->pair->type == SOCK_DGRAM)
            break;
    }
    unlock(end, flags);
    return (int)n;
}

static s64 ioctl_file(struct file *file, u32 command, uptr arg)
{
    int bytes = command == FIONREAD ? count_bytes(file->data) : 0;
    struct io io = { .at = arg, .left = sizeof(bytes), .user = true };

    return command == FIONREAD ? io_put(&io, &bytes, sizeof(bytes)) : -ENOTTY;
}

/* The other end of a stream, or of messages in order, hears of it: with an error if something was lost. */
static void release(struct file *file)
{
    struct end *end = file->data, *other = end->other;
    bool tells = end->pair->type != SOCK_DGRAM;
    u64 flags = lock(end);

    end->closed = true;
    if (tells) {
        other->shut = SHUT_BOTH;
        other->error = list_empty(&end->messages) ? other->error : ECONNRESET;
        wake_all(&other->can_receive);
        wake_all(&other->can_send);
    }
    tells = tells && !other->closed;
    unlock(end, flags);
    if (tells)
        poll_changed(&other->source, POLL_ANY);
    throw_away(end);
    if (__atomic_sub_fetch(&end->pair->refs, 1, __ATOMIC_ACQ_REL) == 0)
        kfree(end->pair);
}

static const struct file_ops socket_ops = {
    .read = read_file, .write = write_file, .pieces = move_pieces, .poll = poll_file, .source = source_of, .ioctl = ioctl_file,
    .release = release,
};

bool is_socket_file(const struct file *file)
{
    return file->ops == &socket_ops;
}

/* --- making --- */

static void end_init(struct socket_pair *pair, int i, u64 number)
{
    struct end *end = &pair->end[i];

    end->pair = pair;
    end->other = &pair->end[!i];
    list_init(&end->messages);
    mutex_init(&end->reading, "socket");
    wait_queue_init(&end->can_receive, "a message in a socket");
    wait_queue_init(&end->can_send, "room in a socket");
    poll_source_init(&end->source);
    format(end->name, sizeof(end->name), "socket:[%lu]", number);
}

static const struct file_ops not_yet; /* of a file that has no socket yet */

static struct file *nameless(u32 flags)
{
    struct inode *inode = memfs_nameless(S_IFSOCK | 0777);
    struct file *file = inode ? file_new("socket", &not_yet, NULL, O_RDWR | flags) : NULL;

    if (file)
        file->inode = inode;
    else
        inode_put(inode);
    return file;
}

int socket_pair_new(struct file *file[2], int type, u32 flags, struct socket_maker maker)
{
    struct socket_pair *pair = kmalloc(sizeof(*pair));

    file[0] = pair ? nameless(flags) : NULL;
    file[1] = file[0] ? nameless(flags) : NULL;
    if (!file[1]) {
        if (file[0])
            file_put(file[0]);
        kfree(pair);
        return -ENOMEM;
    }
    spin_init(&pair->lock, "socket", RANK_WAIT);
    pair->refs = 2;
    pair->type = type;
    pair->maker = maker;
    for (int i = 0; i < 2; i++) {
        end_init(pair, i, file[i]->inode->ino);
        file[i]->data = &pair->end[i];
        file[i]->name = pair->end[i].name;
        file[i]->ops = &socket_ops;
    }
    return 0;
}
