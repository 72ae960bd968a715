/* poll(): looks at all its files, and again whenever any file anywhere has changed; so a file need not know who polls it. Lock: poll_lock.
   A change between looking and waiting is not lost: it is counted. */
#include "fs/poll.h"
#include "fs/context.h"
#include "lib/errno.h"
#include "sched/interrupt.h"

static struct spinlock poll_lock = SPINLOCK("poll", RANK_POLL);
static struct wait_queue pollers = WAIT_QUEUE(pollers, "poll"); /* [poll_lock] */
static u64 changes;                                             /* [poll_lock] counted while somebody polls */
static u32 polling;                                             /* [a] threads in fs_poll() */

void (*poll_tell_watchers)(struct poll_source *source, u32 events);

void poll_changed(struct poll_source *source, u32 events)
{
    u64 flags;

    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the change is there for whoever we do not see: it looks after it has said that it polls */
    if (unlikely(!list_empty(&source->watchers)))
        poll_tell_watchers(source, events);
    if (likely(!__atomic_load_n(&polling, __ATOMIC_RELAXED)))
        return;
    flags = spin_lock_irq(&poll_lock);
    changes++;
    wake_all(&pollers);
    spin_unlock_irq(&poll_lock, flags);
}

static u16 look_at(const struct pollfd *p, u32 unasked)
{
    const u32 plain = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
    struct file *file;
    u32 events;

    if (p->fd < 0)
        return 0;
    file = fd_file(current_fs()->fds, p->fd);
    if (!file)
        return POLLNVAL;
    events = file->ops->poll ? file->ops->poll(file) : plain;
    file_put(file);
    return (u16)(events & (p->events | unasked));
}

static s64 look_at_all(struct pollfd *fds, size_t n, u32 unasked)
{
    s64 ready = 0;

    for (size_t i = 0; i < n; i++) {
        fds[i].revents = look_at(&fds[i], unasked);
        ready += fds[i].revents != 0;
    }
    return ready;
}

/* Waits until there were more changes than seen. Returns 0, -ETIMEDOUT, or what the wait was ended by. */
static int wait_for_change(u64 seen, u64 when)
{
    u64 flags = spin_lock_irq(&poll_lock);
    int error = 0;

    if (changes == seen)
        error = when == ~0ul ? wait_interruptible(&pollers, &poll_lock) : wait_interruptible_until(&pollers, &poll_lock, when);
    spin_unlock_irq(&poll_lock, flags);
    return error;
}

s64 fs_poll(struct pollfd *fds, size_t n, u32 unasked, u64 when)
{
    s64 ready;
    int error = 0;

    __atomic_fetch_add(&polling, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        u64 seen = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);

        ready = look_at_all(fds, n, unasked);
        if (ready || error || when <= clock_ns())
            break;
        error = wait_for_change(seen, when);
    }
    __atomic_fetch_sub(&polling, 1, __ATOMIC_SEQ_CST);
    return ready || !error || error == -ETIMEDOUT ? ready : -ERESTART_NO_HANDLER;
}
