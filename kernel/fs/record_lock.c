/* fcntl()'s locks (record_lock.h). An inode's locks are in one list, by where they begin; those of one owner do not overlap, and those of
   one kind do not touch. Lock: records_lock; who waits for any of them waits in one queue, and looks again when any is given up. */
#include "fs/record_lock.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

#define END (~0ul >> 1) /* the last byte that a file may have */
#define CHAIN_MOST 10   /* processes that wait for one another, up to which a circle is found */

struct held {
    struct list link; /* in its inode's list */
    struct record_owner owner;
    u64 first, last; /* bytes */
    bool alone;      /* F_WRLCK */
};

/* Who waits, on its own stack. */
struct waiting {
    struct list link;
    struct record_owner owner, on;
};

static struct spinlock records_lock = SPINLOCK("records", RANK_WAIT);
static struct wait_queue waiters = WAIT_QUEUE(waiters, "a lock on a part of a file");
static struct list all_waiting = LIST_INIT(all_waiting); /* [l] those who have not been told to look again */

/* What is asked for, as bytes. Returns 0, -EINVAL, -EOVERFLOW. */
static int part_of(struct file *file, const struct record *what, struct held *part)
{
    u64 base = what->whence == SEEK_CUR ? file->offset : what->whence == SEEK_END ? file->inode->size : 0;
    s64 start, last;

    if (what->whence < SEEK_SET || what->whence > SEEK_END)
        return -EINVAL;
    if (__builtin_add_overflow((s64)base, what->start, &start))
        return -EOVERFLOW;
    if (start < 0)
        return -EINVAL;
    last = (s64)END;
    if (what->length > 0 && __builtin_add_overflow(start, what->length - 1, &last))
        return -EOVERFLOW;
    if (what->length < 0) {
        last = start - 1;
        if (__builtin_add_overflow(start, what->length, &start) || start < 0)
            return -EINVAL;
    }
    if (what->type < F_RDLCK || what->type > F_UNLCK)
        return -EINVAL;
    part->first = (u64)start;
    part->last = (u64)last;
    part->alone = what->type == F_WRLCK;
    return 0;
}

static struct held *conflict_locked(const struct inode *inode, const struct held *part)
{
    list_for_each(it, &inode->records) {
        struct held *other = list_entry(it, struct held, link);

        if (other->owner.who != part->owner.who && other->first <= part->last && part->first <= other->last &&
            (other->alone || part->alone))
            return other;
    }
    return NULL;
}

static const struct waiting *who_waits_locked(const void *who)
{
    list_for_each(it, &all_waiting)
        if (list_entry(it, struct waiting, link)->owner.who == who)
            return list_entry(it, struct waiting, link);
    return NULL;
}

/* Whether `on` waits, through whomever, for `me`. Of several threads that wait for one process only one is followed, so there may be a
   circle that was not seen when it was closed: as on Linux, so many steps are gone and no more. */
static bool is_circle_locked(const void *me, struct record_owner on)
{
    for (unsigned steps = 0; on.who != me; steps++) {
        const struct waiting *other = who_waits_locked(on.who);

        if (!other || steps == CHAIN_MOST)
            return false;
        on = other->on;
    }
    return true;
}

static void look_again_locked(void)
{
    while (!list_empty(&all_waiting))
        (void)list_pop_head(&all_waiting);
    wake_all(&waiters);
}

static int wait_for_locked(struct held *other, struct record_owner me)
{
    struct waiting waiting = { .owner = me, .on = other->owner };
    int error;

    if (me.pid != -1 && other->owner.pid != -1 && is_circle_locked(me.who, other->owner)) /* an open file's can be given up by others */
        return -EDEADLK;
    list_push_head(&all_waiting, &waiting.link);
    error = wait_interruptible(&waiters, &records_lock);
    list_remove(&waiting.link);
    return error;
}

static void enter_locked(struct inode *inode, struct held *part)
{
    struct list *after = inode->records.next;

    while (after != &inode->records && list_entry(after, struct held, link)->first < part->first)
        after = after->next;
    list_insert_between(&part->link, after->prev, after);
}

/* The owner has `part` and nothing else there; unlock: nothing at all. *right is for what may be left behind it, if one lock is cut in two,
   and is NULL afterwards then. What is left over goes into `over`. */
static void change_locked(struct inode *inode, struct held *part, bool unlock, struct held **right, struct list *over)
{
    list_for_each_safe(it, &inode->records) {
        struct held *old = list_entry(it, struct held, link);
        bool joins = !unlock && old->alone == part->alone;

        if (old->owner.who != part->owner.who || old->first > part->last + joins || part->first > old->last + joins)
            continue;
        list_remove(&old->link);
        if (joins) {
            part->first = min(part->first, old->first);
            part->last = max(part->last, old->last);
        } else if (old->first < part->first && old->last > part->last) {
            **right = (struct held){ .owner = old->owner, .first = part->last + 1, .last = old->last, .alone = old->alone };
            enter_locked(inode, *right);
            *right = NULL;
        }
        if (!joins && old->first < part->first) {
            old->last = part->first - 1;
            enter_locked(inode, old);
        } else if (!joins && old->last > part->last) {
            old->first = part->last + 1;
            enter_locked(inode, old);
        } else {
            list_push_tail(over, &old->link);
        }
    }
    if (unlock)
        list_push_tail(over, &part->link);
    else
        enter_locked(inode, part);
}

static void free_all(struct list *over)
{
    list_for_each_safe(it, over)
        kfree(list_entry(it, struct held, link));
}

/* A lock to read is for who may read. */
static bool may_have(const struct file *file, s16 type)
{
    u32 mode = file->flags & O_ACCMODE;

    return type == F_UNLCK || mode == O_RDWR || mode == (type == F_WRLCK ? O_WRONLY : O_RDONLY);
}

int record_lock(struct file *file, struct record_owner owner, const struct record *what, bool wait)
{
    struct held *part = kmalloc(sizeof(*part)), *right = kmalloc(sizeof(*right)), *other = NULL;
    bool unlock = what->type == F_UNLCK;
    struct list over = LIST_INIT(over);
    int error = !file->inode ? -EINVAL : part && right ? part_of(file, what, part) : -ENOLCK;
    u64 flags;

    if (!error && !may_have(file, what->type))
        error = -EBADF;
    if (error) {
        kfree(part);
        kfree(right);
        return error;
    }
    part->owner = owner;
    flags = spin_lock_irq(&records_lock);
    while (!error && !unlock && (other = conflict_locked(file->inode, part)))
        error = wait ? wait_for_locked(other, owner) : -EAGAIN;
    if (error) {
        list_push_tail(&over, &part->link);
    } else {
        change_locked(file->inode, part, unlock, &right, &over);
        look_again_locked();
    }
    spin_unlock_irq(&records_lock, flags);
    kfree(right);
    free_all(&over);
    return error;
}

int record_test(struct file *file, struct record_owner owner, struct record *what)
{
    struct held part = { .owner = owner }, *other;
    int error = !file->inode || (what->type != F_RDLCK && what->type != F_WRLCK) ? -EINVAL : part_of(file, what, &part);
    u64 flags;

    if (error)
        return error;
    flags = spin_lock_irq(&records_lock);
    other = conflict_locked(file->inode, &part);
    what->type = !other ? F_UNLCK : other->alone ? F_WRLCK : F_RDLCK;
    if (other) { /* one by one: the program is to see none of the kernel's bytes between them */
        what->whence = SEEK_SET;
        what->start = (s64)other->first;
        what->length = other->last == END ? 0 : (s64)(other->last - other->first) + 1;
        what->pid = other->owner.pid;
    }
    spin_unlock_irq(&records_lock, flags);
    return 0;
}

void records_end(struct file *file, const void *who)
{
    struct list over = LIST_INIT(over);
    u64 flags = spin_lock_irq(&records_lock);

    list_for_each_safe(it, &file->inode->records) {
        struct held *held = list_entry(it, struct held, link);

        if (held->owner.who == who) {
            list_remove(&held->link);
            list_push_tail(&over, &held->link);
        }
    }
    if (!list_empty(&over))
        look_again_locked();
    spin_unlock_irq(&records_lock, flags);
    free_all(&over);
}
