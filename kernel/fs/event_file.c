/* Counters as files (event_file.h). Lock: the counter's own. */
#include "fs/event_file.h"
#include "fs/memfs.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

#define COUNT_MOST (~0ul - 1)

struct event_file {
    struct spinlock lock;
    u64 count;                /* [l] COUNT_MOST at most */
    bool one;                 /* [c] */
    struct wait_queue reads;  /* [l] who waits for it to be more than 0 */
    struct wait_queue writes; /* [l] who waits for room */
    struct poll_source source;
};

static struct slab_cache event_cache;

void event_files_init(void)
{
    slab_cache_init(&event_cache, "event file", sizeof(struct event_file));
}

static s64 read_file(struct file *file, struct io *io)
{
    struct event_file *e = file->data;
    u64 flags, taken;
    int error = 0;

    if (io->left < sizeof(taken))
        return -EINVAL;
    flags = spin_lock_irq(&e->lock);
    while (!e->count && !error)
        error = file->flags & O_NONBLOCK ? -EAGAIN : wait_interruptible(&e->reads, &e->lock);
    taken = e->one ? min(e->count, 1ul) : e->count;
    e->count -= taken;
    wake_all(&e->writes);
    spin_unlock_irq(&e->lock, flags);
    if (!taken)
        return error;
    poll_changed(&e->source, POLLOUT);
    return io_put(io, &taken, sizeof(taken)) ? -EFAULT : (s64)sizeof(taken);
}

static s64 write_file(struct file *file, struct io *io)
{
    struct event_file *e = file->data;
    u64 flags, more;
    int error = 0;

    if (io->left < sizeof(more))
        return -EINVAL;
    if (io_get(io, &more, sizeof(more)))
        return -EFAULT;
    if (more > COUNT_MOST)
        return -EINVAL;
    flags = spin_lock_irq(&e->lock);
    while (more > COUNT_MOST - e->count && !error)
        error = file->flags & O_NONBLOCK ? -EAGAIN : wait_interruptible(&e->writes, &e->lock);
    if (more <= COUNT_MOST - e->count) {
        e->count += more;
        error = 0;
        wake_all(&e->reads);
    }
    spin_unlock_irq(&e->lock, flags);
    if (error)
        return error;
    poll_changed(&e->source, POLLIN);
    return sizeof(more);
}

static u32 poll_file(struct file *file)
{
    const struct event_file *e = file->data;
    u64 count = __atomic_load_n(&e->count, __ATOMIC_RELAXED);

    return (count ? POLLIN | POLLRDNORM : 0) | (count < COUNT_MOST ? POLLOUT | POLLWRNORM : 0);
}

static struct poll_source *source_of(struct file *file)
{
    return &((struct event_file *)file->data)->source;
}

static void release(struct file *file)
{
    slab_free(&event_cache, file->data);
}

static const struct file_ops event_ops = {
    .read = read_file, .write = write_file, .poll = poll_file, .source = source_of, .release = release,
};

struct file *event_file_new(u64 count, bool one, u32 flags)
{
    struct event_file *e = slab_alloc(&event_cache);
    struct file *file = e ? memfs_nameless_file("anon_inode:[eventfd]", &event_ops, e, flags) : NULL;

    if (file) {
        spin_init(&e->lock, "event file", RANK_WAIT);
        wait_queue_init(&e->reads, "an event");
        wait_queue_init(&e->writes, "room for an event");
        poll_source_init(&e->source);
        e->count = count;
        e->one = one;
    } else if (e) {
        slab_free(&event_cache, e);
    }
    return file;
}
