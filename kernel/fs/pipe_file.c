/* Pipes as files: making them, opening named ones, the ring. Lock: the pipe's; which pipe a named one's inode has, the inode's mutex. */
#include "fs/context.h"
#include "fs/inode.h"
#include "fs/memfs.h"
#include "fs/pipe.h"
#include "lib/errno.h"
#include "mm/frames.h"
#include "mm/slab.h"

static struct slab_cache pipe_cache;

static bool can_read(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_WRONLY;
}

static bool can_write(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY;
}

/* --- the ring --- */

/* Moves n bytes, of which the first is number `at` since the pipe was made: in two parts, if the ring's end comes between. */
static int move(struct pipe *pipe, struct io *io, u64 at, size_t n, bool out)
{
    int error = 0;

    for (size_t part; n && !error; n -= part, at += part) {
        char *place = pipe->ring + (at & (PIPE_SIZE - 1));

        part = min(n, PIPE_SIZE - (at & (PIPE_SIZE - 1)));
        error = out ? io_put(io, place, part) : io_get(io, place, part);
    }
    return error;
}

int pipe_take(struct pipe *pipe, struct io *io, size_t n)
{
    struct io before = *io;
    int error = move(pipe, io, pipe->taken, n, true);

    if (error)
        *io = before;
    return error;
}

int pipe_put(struct pipe *pipe, struct io *io, size_t n)
{
    struct io before = *io;
    int error = move(pipe, io, pipe->put, n, false);

    if (error)
        *io = before;
    return error;
}

/* Bytes are news though there were some; room is none where there was some: Linux's rules, which who waits for edges sees. */
void pipe_changed(struct pipe *pipe)
{
    u32 ends = pipe->readers + pipe->writers;
    bool room = pipe_room(pipe) >= PIPE_BUF;
    u32 events = 0;

    if (pipe->put != pipe->told_put)
        events |= POLLIN | POLLRDNORM;
    if (room && !pipe->told_room)
        events |= POLLOUT | POLLWRNORM;
    if (ends < pipe->told_ends && !pipe->readers != !pipe->writers)
        events = POLL_ANY;
    pipe->told_put = pipe->put;
    pipe->told_ends = ends;
    pipe->told_room = room;
    poll_changed(&pipe->source, events);
}

/* --- operations --- */

static s64 read_file(struct file *file, struct io *io)
{
    return io->left ? pipe_read(file->data, io, !(file->flags & O_NONBLOCK || io->no_wait)) : 0;
}

static s64 write_file(struct file *file, struct io *io)
{
    struct pipe *pipe = file->data;
    s64 result = pipe_write(pipe, io, !(file->flags & O_NONBLOCK));

    if (io->left && !__atomic_load_n(&pipe->readers, __ATOMIC_RELAXED))
        fs_hooks->signal_self(SIGPIPE);
    return result;
}

static u32 poll_file(struct file *file)
{
    struct pipe *pipe = file->data;
    u64 flags = spin_lock_irq(&pipe->lock);
    u32 events = 0;

    if (can_read(file)) {
        events |= pipe_bytes(pipe) ? POLLIN | POLLRDNORM : 0;
        events |= pipe->writers || !pipe->writer_opens ? 0 : POLLHUP;
    }
    if (can_write(file)) {
        events |= pipe_room(pipe) >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
        events |= pipe->readers ? 0 : POLLERR;
    }
    spin_unlock_irq(&pipe->lock, flags);
    return events;
}

static struct poll_source *source_of(struct file *file)
{
    return &((struct pipe *)file->data)->source;
}

static s64 pipe_ioctl(struct file *file, u32 command, uptr arg)
{
    struct pipe *pipe = file->data;
    u64 flags = spin_lock_irq(&pipe->lock);
    int bytes = (int)pipe_bytes(pipe);
    struct io io = { .at = arg, .left = sizeof(bytes), .user = true };

    spin_unlock_irq(&pipe->lock, flags);
    return command == FIONREAD ? io_put(&io, &bytes, sizeof(bytes)) : -ENOTTY;
}

static void pipe_free(struct pipe *pipe)
{
    frame_put(phys_to_frame(virt_to_phys(pipe->ring)));
    slab_free(&pipe_cache, pipe);
}

static void release(struct file *file)
{
    struct pipe *pipe = file->data;
    bool last;

    mutex_lock(&file->inode->lock);
    last = pipe->readers + pipe->writers == (u32)can_read(file) + can_write(file);
    pipe_leave(pipe, can_read(file), can_write(file));
    if (last)
        file->inode->pipe = NULL;
    mutex_unlock(&file->inode->lock);
    if (last)
        pipe_free(pipe);
}

static const struct file_ops pipe_ops = {
    .read = read_file, .write = write_file, .poll = poll_file, .source = source_of, .ioctl = pipe_ioctl,
    .release = release,
};

/* --- making and opening --- */

static const struct file_ops not_yet; /* of a file that has no pipe yet */

static struct pipe *make_pipe(void)
{
    struct pipe *pipe = slab_alloc(&pipe_cache);
    struct frame *ring = pipe ? frame_alloc(PIPE_ORDER) : NULL;

    if (!ring) {
        if (pipe)
            slab_free(&pipe_cache, pipe);
        return NULL;
    }
    spin_init(&pipe->lock, "pipe", RANK_PIPE);
    wait_queue_init(&pipe->can_read, "bytes in a pipe");
    wait_queue_init(&pipe->can_write, "room in a pipe");
    poll_source_init(&pipe->source);
    pipe->ring = frame_to_virt(ring);
    return pipe;
}

/* The file becomes one of the pipe's. Returns whether it finds nobody at the other side; *opens: how often that has been opened by then. */
static bool join_pipe(struct file *file, struct pipe *pipe, u64 *opens)
{
    u64 flags = spin_lock_irq(&pipe->lock);
    bool alone = !(can_read(file) ? pipe->writers : pipe->readers);

    *opens = can_read(file) ? pipe->writer_opens : pipe->reader_opens;

    file->ops = &pipe_ops;
    file->data = pipe;
    file->name = "pipe";
    pipe->readers += can_read(file);
    pipe->writers += can_write(file);
    pipe->reader_opens += can_read(file);
    pipe->writer_opens += can_write(file);
    wake_all(&pipe->can_read);
    wake_all(&pipe->can_write);
    pipe_changed(pipe);
    spin_unlock_irq(&pipe->lock, flags);
    return alone;
}

int pipe_new(struct file **reader, struct file **writer, u32 flags)
{
    struct inode *inode = memfs_nameless(S_IFIFO | 0600);
    u64 opens;

    *reader = file_new("pipe", &not_yet, NULL, O_RDONLY | flags);
    *writer = file_new("pipe", &not_yet, NULL, O_WRONLY | flags);
    if (inode && *reader && *writer)
        inode->pipe = make_pipe();
    if (!inode || !inode->pipe) {
        if (*reader)
            file_put(*reader);
        if (*writer)
            file_put(*writer);
        inode_put(inode);
        *reader = *writer = NULL;
        return -ENOMEM;
    }
    inode->pipe->nameless = true;
    (*reader)->inode = inode;
    (*writer)->inode = inode_get(inode);
    join_pipe(*reader, inode->pipe, &opens);
    join_pipe(*writer, inode->pipe, &opens);
    return 0;
}

/* Waits for somebody to open the other side, be it only for a moment: then it has not been opened `opens` times any more. */
static int wait_for_other(struct file *file, struct pipe *pipe, u64 opens)
{
    bool read = can_read(file);
    u64 flags = spin_lock_irq(&pipe->lock);
    int error = 0;

    while (!error && opens == (read ? pipe->writer_opens : pipe->reader_opens))
        error = wait_interruptible(read ? &pipe->can_read : &pipe->can_write, &pipe->lock);
    spin_unlock_irq(&pipe->lock, flags);
    return error;
}

int pipe_open_named(struct inode *inode, struct file *file)
{
    bool both = can_read(file) && can_write(file), nonblock = file->flags & O_NONBLOCK;
    struct pipe *pipe;
    bool alone = false;
    u64 opens;
    int error;

    mutex_lock(&inode->lock);
    if (!inode->pipe)
        inode->pipe = make_pipe();
    pipe = inode->pipe;
    error = pipe ? 0 : -ENOMEM;
    if (pipe && nonblock && !can_read(file) && !pipe->readers && !pipe->nameless)
        error = -ENXIO;
    if (!error)
        alone = join_pipe(file, pipe, &opens);
    else if (pipe && !(pipe->readers + pipe->writers)) {
        inode->pipe = NULL;
        pipe_free(pipe);
    }
    mutex_unlock(&inode->lock);
    if (error || both || nonblock || !alone || pipe->nameless)
        return error;
    error = wait_for_other(file, pipe, opens);
    if (error)
        release(file);
    return error;
}

void pipes_init(void)
{
    slab_cache_init(&pipe_cache, "pipe", sizeof(struct pipe));
}
