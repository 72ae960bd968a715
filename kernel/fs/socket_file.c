/* The files of pairs of sockets: how they are made, closed and watched, and what else is asked of them (socket.h, socket_pair.h). */
#include "fs/context.h"
#include "fs/memfs.h"
#include "fs/socket_pair.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mm/slab.h"

/* --- what else is asked --- */

void socket_shutdown(struct file *file, int how)
{
    struct end *end = file->data, *other = end->other;
    u32 here = (u32)how + 1, there = (here & SHUT_RECEIVE ? SHUT_SEND : 0) | (here & SHUT_SEND ? SHUT_RECEIVE : 0);
    bool both = end->pair->type != SOCK_DGRAM;
    u64 flags = end_lock(end);

    end->shut |= here;
    other->shut |= both ? there : 0;
    for (int i = 0; i < 2; i++) {
        wake_all(&end->pair->end[i].can_receive);
        wake_all(&end->pair->end[i].can_send);
    }
    end_unlock(end, flags);
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
    u64 flags = end_lock(end);
    int error = end_take_error(end);

    end_unlock(end, flags);
    return error;
}

bool socket_is_joined(struct file *file)
{
    struct end *end = file->data;
    u64 flags = end_lock(end);
    bool joined = !end->parted;

    end_unlock(end, flags);
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
    u64 flags = end_lock(end);
    u32 events = end->error ? POLLERR : 0;

    if (end->shut & SHUT_RECEIVE)
        events |= POLLRDHUP | NEWS_IN;
    if (end->shut == SHUT_BOTH)
        events |= POLLHUP;
    if (!list_empty(&end->messages))
        events |= NEWS_IN;
    if (end_has_room(end))
        events |= NEWS_OUT;
    end_unlock(end, flags);
    return events;
}

static struct poll_source *source_of(struct file *file)
{
    return &((struct end *)file->data)->source;
}

/* Bytes to be read; of datagrams, the first one's. */
static int count_bytes(struct end *end)
{
    u64 flags = end_lock(end);
    size_t n = 0;

    list_for_each(it, &end->messages) {
        const struct message *m = list_entry(it, struct message, link);

        n += m->size - m->taken;
        if (end->pair->type == SOCK_DGRAM)
            break;
    }
    end_unlock(end, flags);
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
    u64 flags = end_lock(end);

    end->closed = true;
    if (tells) {
        other->shut = SHUT_BOTH;
        other->error = list_empty(&end->messages) ? other->error : ECONNRESET;
        wake_all(&other->can_receive);
        wake_all(&other->can_send);
    }
    tells = tells && !other->closed;
    end_unlock(end, flags);
    if (tells)
        poll_changed(&other->source, POLL_ANY);
    socket_throw_away(end);
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
