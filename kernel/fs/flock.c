/* flock(): locks on files that hold only between those who ask for them. A lock belongs to an open file, and goes with it. Lock:
   flock_lock; who waits for any file waits in one queue, and looks again when any lock is given up. */
#include "fs/flock.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "sched/interrupt.h"

static struct spinlock flock_lock = SPINLOCK("flock", RANK_WAIT);
static struct wait_queue waiters = WAIT_QUEUE(waiters, "a lock on a file");

static void give_up_locked(struct file *file)
{
    if (!file->locked)
        return;
    if (file->locked == LOCK_EX)
        file->inode->locked_alone = false;
    else
        file->inode->lock_sharers--;
    file->locked = 0;
    wake_all(&waiters);
}

static bool is_free(const struct inode *inode, u32 how)
{
    return !inode->locked_alone && !(how == LOCK_EX && inode->lock_sharers);
}

int fs_flock(struct file *file, u32 how, bool wait)
{
    struct inode *inode = file->inode;
    u64 flags;
    int error = 0;

    if (!inode)
        return -EINVAL;
    flags = spin_lock_irq(&flock_lock);
    give_up_locked(file); /* also to get another kind: Linux does not keep the old one meanwhile */
    while (!error && how != LOCK_UN && !is_free(inode, how))
        error = wait ? wait_interruptible(&waiters, &flock_lock) : -EAGAIN;
    if (!error && how != LOCK_UN) {
        file->locked = (u8)how;
        inode->locked_alone = how == LOCK_EX;
        inode->lock_sharers += how == LOCK_SH;
    }
    spin_unlock_irq(&flock_lock, flags);
    return error;
}

void flock_end(struct file *file)
{
    u64 flags = spin_lock_irq(&flock_lock);

    give_up_locked(file);
    spin_unlock_irq(&flock_lock, flags);
}
