/* Waiting for an address (wait.h). Lock: a bucket's, for the list of those who wait for the channels that share it. */
#include "lib/errno.h"
#include "sched/wait.h"

#define BUCKETS 64 /* a power of two */

struct bucket {
    struct spinlock lock;
    struct list waiters; /* [l] thread.wait_link */
};

static struct bucket buckets[BUCKETS] = {
    [0 ... BUCKETS - 1] = { .lock = SPINLOCK("channel", RANK_WAIT) },
};

/* Neighbouring objects should not share a bucket: Fibonacci hashing (Knuth, The Art of Computer Programming 6.4). */
static struct bucket *bucket_lock(const void *channel, u64 *flags)
{
    struct bucket *b = &buckets[(u64)channel * 0x9e3779b97f4a7c15ul >> 58];

    *flags = spin_lock_irq(&b->lock);
    if (!b->waiters.next) /* the first time */
        list_init(&b->waiters);
    return b;
}

void channel_prepare(const void *channel)
{
    struct thread *me = current();
    u64 flags;
    struct bucket *b = bucket_lock(channel, &flags);

    me->channel = channel;
    me->wake_pending = false;
    list_push_tail(&b->waiters, &me->wait_link);
    spin_unlock_irq(&b->lock, flags);
}

static void leave(void)
{
    struct thread *me = current();
    u64 flags;
    struct bucket *b = bucket_lock(me->channel, &flags);

    list_remove(&me->wait_link);
    me->channel = NULL;
    spin_unlock_irq(&b->lock, flags);
}

int block_current(const void *channel)
{
    u64 flags;

    (void)channel; /* known since channel_prepare(); named again so that the call says what it waits for */
    flags = irq_save();
    thread_block(NULL, "channel");
    irq_restore(flags);
    leave();
    return current()->killed ? -EINTR : 0;
}

void channel_cancel(void)
{
    leave();
    current()->wake_pending = false;
}

unsigned wake_channel(const void *channel)
{
    u64 flags;
    struct bucket *b = bucket_lock(channel, &flags);
    unsigned n = 0;

    list_for_each_safe(it, &b->waiters) {
        struct thread *t = list_entry(it, struct thread, wait_link);

        if (t->channel != channel)
            continue;
        list_remove(&t->wait_link);
        thread_wake(t);
        n++;
    }
    spin_unlock_irq(&b->lock, flags);
    return n;
}
