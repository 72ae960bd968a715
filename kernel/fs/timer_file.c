/* Timers as files (timer_file.h). Locks: the inode's mutex for who sets one, since what one thread cancels must not be started by another
   one; the timer's own for what a ring changes. */
#include "fs/timer_file.h"
#include "fs/inode.h"
#include "fs/memfs.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

struct timer_file {
    struct spinlock lock;
    struct timer timer;         /* the CPU's timer queue */
    u64 interval;               /* [l] ns; 0: once */
    u64 rings;                  /* [l] since it was read, or set, last */
    bool set;                   /* [l] it will ring */
    bool real_time;             /* [c] */
    struct wait_queue readers;  /* [l] */
    struct poll_source source;
};

static struct slab_cache timer_cache;

/* Interrupts off. */
static void rings(struct timer *timer)
{
    struct timer_file *t = container_of(timer, struct timer_file, timer);
    u64 missed = 0;
    bool first;

    spin_lock(&t->lock);
    first = !t->rings;
    t->set = t->interval != 0;
    if (t->set)
        timer_start(timer, timer_next_ring(timer, t->interval, &missed), rings);
    t->rings += 1 + missed;
    wake_all(&t->readers);
    spin_unlock(&t->lock);
    poll_changed(&t->source, first ? POLLIN : 0); /* Linux does not ring again before somebody has read */
}

static s64 read_file(struct file *file, struct io *io)
{
    struct timer_file *t = file->data;
    u64 flags, rung;
    int error = 0;

    if (io->left < sizeof(rung))
        return -EINVAL;
    flags = spin_lock_irq(&t->lock);
    while (!t->rings && !error)
        error = file->flags & O_NONBLOCK ? -EAGAIN : wait_interruptible(&t->readers, &t->lock);
    rung = t->rings;
    if (rung)
        t->rings = 0;
    spin_unlock_irq(&t->lock, flags);
    if (!rung)
        return error;
    return io_put(io, &rung, sizeof(rung)) ? -EFAULT : (s64)sizeof(rung);
}

static u32 poll_file(struct file *file)
{
    const struct timer_file *t = file->data;

    return __atomic_load_n(&t->rings, __ATOMIC_RELAXED) ? POLLIN | POLLRDNORM : 0;
}

static struct poll_source *source_of(struct file *file)
{
    return &((struct timer_file *)file->data)->source;
}

static void release(struct file *file)
{
    struct timer_file *t = file->data;

    (void)timer_cancel(&t->timer);
    slab_free(&timer_cache, t);
}

static const struct file_ops timer_ops = { .read = read_file, .poll = poll_file, .source = source_of, .release = release };

void timer_files_init(void)
{
    slab_cache_init(&timer_cache, "timer file", sizeof(struct timer_file));
}

struct file *timer_file_new(bool real_time, u32 flags)
{
    struct timer_file *t = slab_alloc(&timer_cache);
    struct file *file = t ? memfs_nameless_file("anon_inode:[timerfd]", &timer_ops, t, flags) : NULL;

    if (file) {
        rb_node_init(&t->timer.node);
        spin_init(&t->lock, "timer file", RANK_WAIT);
        wait_queue_init(&t->readers, "a timer");
        poll_source_init(&t->source);
        t->real_time = real_time;
    } else if (t) {
        slab_free(&timer_cache, t);
    }
    return file;
}

bool is_timer_file(const struct file *file)
{
    return file->ops == &timer_ops;
}

static struct timer_setting setting_locked(const struct timer_file *t)
{
    return (struct timer_setting){ t->set ? (u64)max((s64)(t->timer.expires - clock_ns()), 1) : 0, t->interval };
}

void timer_file_set(struct file *file, bool absolute, const struct timer_setting *setting, struct timer_setting *before)
{
    struct timer_file *t = file->data;
    u64 flags, epoch = t->real_time && absolute ? fs_epoch_ns : 0;
    u64 when = min((absolute ? 0 : clock_ns()) + (setting->left > epoch ? setting->left - epoch : 0), TIME_MOST);

    mutex_lock(&file->inode->lock);
    (void)timer_cancel(&t->timer); /* without the lock, which rings() takes */
    flags = spin_lock_irq(&t->lock);
    *before = setting_locked(t);
    t->set = setting->left != 0;
    t->interval = setting->interval;
    t->rings = 0;
    if (t->set)
        timer_start(&t->timer, when, rings);
    spin_unlock_irq(&t->lock, flags);
    mutex_unlock(&file->inode->lock);
}

void timer_file_look(struct file *file, struct timer_setting *now)
{
    struct timer_file *t = file->data;
    u64 flags = spin_lock_irq(&t->lock);

    *now = setting_locked(t);
    spin_unlock_irq(&t->lock, flags);
}
