/* Epolls (epoll.h). An item stands in the list of its file's source while it is watched, and in its epoll's ready list from when the file
   told of an event until somebody has looked at the file and found nothing. Looking is what an event is made of: the list says only where
   to look. An item that is watched by level goes back to the list's end after each look that found something; by edge, it does not.

   Locks: epoll_lock, over all epolls, for what files change from any context: both lists, who waits. It comes after the locks of files,
   which tell under their own; so nobody looks at a file under it. epoll_mutex, over all epolls, for who looks: which items there are, and
   for whom. It keeps a file there while it is looked at, since

   an item has no reference to its file: a file is closed although it is watched. Who gives back the last reference takes epoll_mutex and
   ends the items before anything of the file goes (file_put()). So whoever holds the mutex may follow item->file, though its count may be
   0 by then, and its source lives as long as it has watchers. An item lives as long as both its epoll and its file; whoever ends it holds
   both locks in turn, so it is in nobody's hands. One mutex for all, not one for each epoll: epolls watch epolls, and a look at one leads
   down through others, while a close leads up from one. No reference is given back under it, since that may close; nothing is copied to
   or from programs under it, since a copy may wait for memory, and for that others may have to close what is watched. */
#include "fs/epoll.h"
#include "fs/memfs.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/interrupt.h"
#include "sched/mutex.h"

#define FEW 16       /* events that need no memory of their own */
#define DEPTH_MOST 4 /* an epoll may watch one that watches one ..., so often */
#define PRIVATE (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define WITH_EXCLUSIVE (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
    struct file *file;         /* [c] this one; no reference */
    struct list items;         /* [m] */
    size_t nr_items;           /* [m] */
    struct list ready;         /* [l] items to look at */
    bool looking;              /* [l] some of the items to look at are not in the list: the mutex's owner has them */
    struct wait_queue waiters; /* [l] who waits for the list to have some */
    struct poll_source source; /* of those that watch this epoll */
    u64 counted;               /* [m] the check that has counted these: */
    int depth;                 /* [m] epolls in a row from here */
};

struct epoll_item {
    struct epoll *epoll;     /* [c] */
    struct file *file;       /* [c] no reference */
    int fd;                  /* [c] the number that it was added by */
    u32 hears;               /* [c] POLL*: what it may be told of, by how the file was opened */
    u64 serial;              /* [c] no two items have the same */
    u32 events;              /* [m] written under both locks; PRIVATE alone: it is off until it is changed (EPOLLONESHOT) */
    u64 data;                /* [m] */
    u64 told;                /* [l] the last event that it heard of */
    struct epoll_item *next; /* [m] of the same file */
    struct list of_epoll;    /* [m] */
    struct list of_source;   /* [l] */
    struct list ready;       /* [l] */
};

/* What a look found. */
struct found {
    struct epoll_item *item; /* may be gone by now: */
    u64 serial;              /* this says so */
    u32 asked;               /* its events before */
    struct epoll_event event;
};

static struct mutex epoll_mutex = MUTEX(epoll_mutex, "epolls");
static struct spinlock epoll_lock = SPINLOCK("epolls", RANK_EPOLL);
static u64 tellings; /* [epoll_lock] */
static u64 serials;  /* [epoll_mutex] */

static const struct file_ops epoll_ops;

bool is_epoll_file(const struct file *file)
{
    return file->ops == &epoll_ops;
}

/* --- files tell --- */

static void tell_locked(struct poll_source *source, u32 events);

/* Returns whether it woke somebody. */
static bool make_ready_locked(struct epoll_item *item)
{
    struct epoll *epoll = item->epoll;
    bool woke;

    if (list_empty(&item->ready))
        list_push_tail(&epoll->ready, &item->ready);
    woke = wake_one(&epoll->waiters);
    tell_locked(&epoll->source, POLLIN);
    return woke;
}

/* All that watch the source hear, and each once, however many epolls lie between: so a telling costs no more than there are items. Of those
   that share a wake (EPOLLEXCLUSIVE), which stand last, the first one that could wake somebody keeps it. */
static void tell_locked(struct poll_source *source, u32 events)
{
    list_for_each(it, &source->watchers) {
        struct epoll_item *item = list_entry(it, struct epoll_item, of_source);

        if (item->told == tellings || !(events & item->events & item->hears))
            continue;
        item->told = tellings;
        if (make_ready_locked(item) && item->events & EPOLLEXCLUSIVE && events != POLL_ANY)
            break;
    }
}

static void tell(struct poll_source *source, u32 events)
{
    u64 flags = spin_lock_irq(&epoll_lock);

    tellings++;
    tell_locked(source, events);
    spin_unlock_irq(&epoll_lock, flags);
}

/* --- looking; epoll_mutex held --- */

static u32 look(struct epoll *epoll);

/* What of that which is asked for is so now. */
static u32 look_at(const struct epoll_item *item)
{
    struct file *file = item->file;

    return (is_epoll_file(file) ? look(file->data) : file->ops->poll(file)) & item->events;
}

/* The list's items become the caller's, in their order. */
static void take_ready(struct epoll *epoll, struct list *list)
{
    u64 flags = spin_lock_irq(&epoll_lock);

    list_init(list);
    if (!list_empty(&epoll->ready)) {
        *list = epoll->ready;
        list->next->prev = list->prev->next = list;
        list_init(&epoll->ready);
    }
    epoll->looking = true;
    spin_unlock_irq(&epoll_lock, flags);
}

/* What is left of them comes first again. Whoever could not see it meanwhile is woken: one, who will wake the next one. */
static void give_back(struct epoll *epoll, struct list *list)
{
    u64 flags = spin_lock_irq(&epoll_lock);

    while (!list_empty(list)) {
        struct list *last = list->prev;

        list_remove(last);
        list_push_head(&epoll->ready, last);
    }
    epoll->looking = false;
    if (!list_empty(&epoll->ready))
        wake_one(&epoll->waiters);
    spin_unlock_irq(&epoll_lock, flags);
}

/* The first one, or NULL. From here on a file that tells puts it into the epoll's list again, so nothing that happens during the look is
   lost. */
static struct epoll_item *next_to_look_at(struct list *list)
{
    u64 flags = spin_lock_irq(&epoll_lock);
    struct list *first = list_empty(list) ? NULL : list_pop_head(list);

    spin_unlock_irq(&epoll_lock, flags);
    return first ? list_entry(first, struct epoll_item, ready) : NULL;
}

/* The item was found ready: it stays in the list, or does not. */
static void keep(struct epoll_item *item)
{
    u64 flags = spin_lock_irq(&epoll_lock);

    if (item->events & EPOLLONESHOT)
        item->events &= PRIVATE;
    else if (!(item->events & EPOLLET) && list_empty(&item->ready))
        list_push_tail(&item->epoll->ready, &item->ready);
    spin_unlock_irq(&epoll_lock, flags);
}

static size_t collect(struct epoll *epoll, struct found *found, size_t most)
{
    struct epoll_item *item;
    struct list list;
    size_t n = 0;

    take_ready(epoll, &list);
    while (n < most && (item = next_to_look_at(&list)) != NULL) {
        u32 events = look_at(item);

        if (!events)
            continue;
        found[n++] = (struct found){ item, item->serial, item->events, { events, item->data } };
        keep(item);
    }
    give_back(epoll, &list);
    return n;
}

/* Whether any item is ready, as poll() asks of the epoll. Items that are not any more leave the list. */
static u32 look(struct epoll *epoll)
{
    struct epoll_item *item;
    struct list list;

    take_ready(epoll, &list);
    while ((item = next_to_look_at(&list)) != NULL && !look_at(item))
        ;
    if (item) {
        u64 flags = spin_lock_irq(&epoll_lock);

        list_remove(&item->ready); /* if it was told of meanwhile; its place is the first one */
        list_push_head(&list, &item->ready);
        spin_unlock_irq(&epoll_lock, flags);
    }
    give_back(epoll, &list);
    return item ? POLLIN | POLLRDNORM : 0;
}

/* After a change of what is asked for. */
static void look_anew(struct epoll_item *item)
{
    struct epoll *epoll = item->epoll;
    bool new;
    u64 flags;

    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* a file that does not see the change has changed before we look (poll_changed()) */
    if (!look_at(item))
        return;
    flags = spin_lock_irq(&epoll_lock);
    new = list_empty(&item->ready);
    if (new) {
        list_push_tail(&epoll->ready, &item->ready);
        wake_one(&epoll->waiters);
    }
    spin_unlock_irq(&epoll_lock, flags);
    if (new)
        poll_changed(&epoll->source, POLLIN);
}

/* --- items; epoll_mutex held --- */

static struct epoll_item *find(const struct epoll *epoll, const struct file *file, int fd)
{
    struct epoll_item *item = file->watches;

    while (item && (item->epoll != epoll || item->fd != fd))
        item = item->next;
    return item;
}

static void end_item(struct epoll_item *item)
{
    struct epoll_item **at = &item->file->watches;
    u64 flags = spin_lock_irq(&epoll_lock);

    list_remove(&item->of_source);
    list_remove(&item->ready);
    spin_unlock_irq(&epoll_lock, flags);
    list_remove(&item->of_epoll);
    item->epoll->nr_items--;
    while (*at != item)
        at = &(*at)->next;
    *at = item->next;
    kfree(item);
}

/* file_leaves_epolls */
static void end_items_of(struct file *file)
{
    mutex_lock(&epoll_mutex);
    while (file->watches)
        end_item(file->watches);
    mutex_unlock(&epoll_mutex);
}

/* The item hears from now on. Who shares wakes stands behind all others, in the order of arrival; those stand in the opposite one, as on
   Linux. */
static void start_watching(struct epoll_item *item)
{
    struct poll_source *source = item->file->ops->source(item->file);
    u64 flags = spin_lock_irq(&epoll_lock);

    if (item->events & EPOLLEXCLUSIVE)
        list_push_tail(&source->watchers, &item->of_source);
    else
        list_push_head(&source->watchers, &item->of_source);
    spin_unlock_irq(&epoll_lock, flags);
}

/* How many epolls stand in a row from here: down, through those that it watches, or up. Each is counted once in a check. */
static int depth_down(struct epoll *epoll, u64 check)
{
    if (epoll->counted == check)
        return epoll->depth;
    epoll->counted = check;
    epoll->depth = 1;
    list_for_each(it, &epoll->items) {
        struct file *file = list_entry(it, struct epoll_item, of_epoll)->file;

        if (is_epoll_file(file))
            epoll->depth = max(epoll->depth, 1 + depth_down(file->data, check));
    }
    return epoll->depth;
}

static int depth_up(struct epoll *epoll, u64 check)
{
    if (epoll->counted == check)
        return epoll->depth;
    epoll->counted = check;
    epoll->depth = 1;
    for (const struct epoll_item *item = epoll->file->watches; item; item = item->next)
        epoll->depth = max(epoll->depth, 1 + depth_up(item->epoll, check));
    return epoll->depth;
}

/* Whether an epoll may watch another one. There is a circle if the way up from it comes by the other one, which has been counted then. */
static int check_depth(struct epoll *epoll, struct epoll *other)
{
    u64 down = ++serials, up = ++serials;
    int below = depth_down(other, down), above;

    if (epoll->counted == down)
        return -ELOOP;
    above = depth_up(epoll, up);
    return below + above > DEPTH_MOST + 1 ? -ELOOP : 0;
}

static u32 may_hear(const struct file *file)
{
    const u32 in = POLLIN | POLLRDNORM, out = POLLOUT | POLLWRNORM;
    u32 mode = file->flags & O_ACCMODE;

    return ~(u32)PRIVATE & ~(mode == O_WRONLY ? in : mode == O_RDONLY ? out : 0);
}

static int add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
    int error = is_epoll_file(file) ? check_depth(epoll, file->data) : 0;
    struct epoll_item *item;

    if (error)
        return error;
    if (find(epoll, file, fd))
        return -EEXIST;
    item = kmalloc(sizeof(*item));
    if (!item)
        return -ENOMEM;
    *item = (struct epoll_item){
        .epoll = epoll, .file = file, .fd = fd, .hears = may_hear(file), .serial = ++serials,
        .events = event->events | EPOLLERR | EPOLLHUP, .data = event->data, .next = file->watches,
    };
    file->watches = item;
    list_push_tail(&epoll->items, &item->of_epoll);
    epoll->nr_items++;
    list_init(&item->ready);
    start_watching(item);
    look_anew(item);
    return 0;
}

static int change(struct epoll_item *item, const struct epoll_event *event)
{
    u64 flags;

    if (!item)
        return -ENOENT;
    if (item->events & EPOLLEXCLUSIVE)
        return -EINVAL;
    flags = spin_lock_irq(&epoll_lock);
    item->events = event->events | EPOLLERR | EPOLLHUP;
    spin_unlock_irq(&epoll_lock, flags);
    item->data = event->data;
    look_anew(item);
    return 0;
}

/* Whether the events are ones that EPOLLEXCLUSIVE goes with. */
static bool may_share(int operation, const struct file *file, u32 events)
{
    if (!(events & EPOLLEXCLUSIVE) || operation == EPOLL_CTL_DEL)
        return true;
    return operation != EPOLL_CTL_MOD && (operation != EPOLL_CTL_ADD || (!is_epoll_file(file) && !(events & ~(u32)WITH_EXCLUSIVE)));
}

int epoll_control(struct file *file, int operation, struct file *watched, int fd, const struct epoll_event *event)
{
    struct epoll *epoll = file->data;
    struct epoll_item *item;
    int error = -EINVAL;

    if (!watched->ops->poll)
        return -EPERM;
    if (!is_epoll_file(file) || file == watched || !may_share(operation, watched, event->events))
        return -EINVAL;
    mutex_lock(&epoll_mutex);
    item = find(epoll, watched, fd);
    if (operation == EPOLL_CTL_ADD) {
        error = add(epoll, watched, fd, event);
    } else if (operation == EPOLL_CTL_MOD) {
        error = change(item, event);
    } else if (operation == EPOLL_CTL_DEL) {
        error = item ? 0 : -ENOENT;
        if (item)
            end_item(item);
    }
    mutex_unlock(&epoll_mutex);
    return error;
}

/* --- waiting --- */

/* The item that was found, or NULL: it has ended. */
static struct epoll_item *find_again(const struct epoll *epoll, const struct found *found)
{
    list_for_each(it, &epoll->items) {
        struct epoll_item *item = list_entry(it, struct epoll_item, of_epoll);

        if (item == found->item && item->serial == found->serial)
            return item;
    }
    return NULL;
}

/* What was found could not be told: it is to be found again, in the same order. */
static void put_back(struct epoll *epoll, const struct found *found, size_t n)
{
    u64 flags;

    mutex_lock(&epoll_mutex);
    while (n--) {
        struct epoll_item *item = find_again(epoll, &found[n]);

        if (!item)
            continue;
        flags = spin_lock_irq(&epoll_lock);
        if (!(item->events & ~(u32)PRIVATE))
            item->events = found[n].asked;
        list_remove(&item->ready);
        list_push_head(&epoll->ready, &item->ready);
        wake_one(&epoll->waiters);
        spin_unlock_irq(&epoll_lock, flags);
    }
    mutex_unlock(&epoll_mutex);
}

/* To the program, as many as can be. */
static s64 hand_out(struct epoll *epoll, const struct found *found, size_t n, uptr to)
{
    struct io io = { .at = to, .left = n * sizeof(found->event), .user = true };
    size_t done = 0;

    while (done < n && !io_put(&io, &found[done].event, sizeof(found->event)))
        done++;
    if (done < n)
        put_back(epoll, &found[done], n - done);
    return done || !n ? (s64)done : -EFAULT;
}

static bool has_ready(struct epoll *epoll)
{
    u64 flags = spin_lock_irq(&epoll_lock);
    bool ready = epoll->looking || !list_empty(&epoll->ready);

    spin_unlock_irq(&epoll_lock, flags);
    return ready;
}

/* What there is now. With no memory for all of it, a few. */
static s64 take(struct epoll *epoll, uptr to, size_t most)
{
    struct found few[FEW], *found = few, *many;
    size_t room = FEW, n;
    s64 result;

    if (!has_ready(epoll))
        return 0;
    most = min(most, max(__atomic_load_n(&epoll->nr_items, __ATOMIC_RELAXED), 1ul));
    many = most > FEW && most <= KMALLOC_MAX / sizeof(*many) ? kmalloc(most * sizeof(*many)) : NULL;
    if (many) {
        found = many;
        room = most;
    }
    mutex_lock(&epoll_mutex);
    n = collect(epoll, found, min(most, room));
    mutex_unlock(&epoll_mutex);
    result = hand_out(epoll, found, n, to);
    kfree(many);
    return result;
}

static int wait_for_ready(struct epoll *epoll, u64 when)
{
    u64 flags = spin_lock_irq(&epoll_lock);
    int error = 0;

    if (!epoll->looking && list_empty(&epoll->ready))
        error = when == ~0ul ? wait_interruptible(&epoll->waiters, &epoll_lock)
                             : wait_interruptible_until(&epoll->waiters, &epoll_lock, when);
    spin_unlock_irq(&epoll_lock, flags);
    return error;
}

s64 epoll_wait_until(struct file *file, uptr to, size_t most, u64 when)
{
    struct epoll *epoll = file->data;
    int error = 0;

    for (;;) {
        s64 result = take(epoll, to, most); /* also after an error: the wake may have come, too, and is nobody else's */

        if (result)
            return result;
        if (error == -ETIMEDOUT || (!error && when <= clock_ns()))
            return 0;
        if (error)
            return -EINTR;
        error = wait_for_ready(epoll, when);
    }
}

/* --- the file --- */

static u32 poll_file(struct file *file)
{
    u32 events;

    mutex_lock(&epoll_mutex);
    events = look(file->data);
    mutex_unlock(&epoll_mutex);
    return events;
}

static struct poll_source *source_of(struct file *file)
{
    return &((struct epoll *)file->data)->source;
}

static s64 ioctl_file(struct file *file, u32 command, uptr arg)
{
    (void)file, (void)command, (void)arg;
    return -EINVAL;
}

static void release(struct file *file)
{
    struct epoll *epoll = file->data;

    mutex_lock(&epoll_mutex);
    while (!list_empty(&epoll->items))
        end_item(list_entry(epoll->items.next, struct epoll_item, of_epoll));
    mutex_unlock(&epoll_mutex);
    kfree(epoll);
}

static const struct file_ops epoll_ops = { .poll = poll_file, .source = source_of, .ioctl = ioctl_file, .release = release };

struct file *epoll_file_new(void)
{
    struct epoll *epoll = kmalloc(sizeof(*epoll));
    struct file *file = epoll ? memfs_nameless_file("anon_inode:[eventpoll]", &epoll_ops, epoll, 0) : NULL;

    if (!file) {
        kfree(epoll);
        return NULL;
    }
    __atomic_store_n(&poll_tell_watchers, tell, __ATOMIC_RELAXED);
    __atomic_store_n(&file_leaves_epolls, end_items_of, __ATOMIC_RELAXED);
    epoll->file = file;
    list_init(&epoll->items);
    list_init(&epoll->ready);
    wait_queue_init(&epoll->waiters, "events");
    poll_source_init(&epoll->source);
    return file;
}
