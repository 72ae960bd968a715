/* Timers that send signals (posix_timer.h). Locks: `setting` for who makes, finds, sets and deletes one, since threads of a process share
   its timers, and what one of them cancels must not be started by another one; processes_lock for what a ring changes. A timer has one
   entry for a queue of signals: while that waits to be heard, rings are counted, and the timer is not freed.
   Guards: [c] constant  [s] setting  [p] processes_lock */
#include "proc/posix_timer.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "proc/user_thread.h"

#define OVERRUN_MOST 0x7fffffff

struct posix_timer {
    struct list link;           /* [s] process.posix_timers */
    struct process *owner;      /* [c] */
    int id;                     /* [c] */
    bool real_time;             /* [c] its times are those of the calendar */
    struct timer_notice notice; /* [c] */
    struct timer timer;         /* the CPU's timer queue */
    u64 interval;               /* [p] ns; 0: once */
    bool set;                   /* [p] it will ring */
    bool gone;                  /* [p] deleted: freed when its signal waits no more */
    u64 rings;                  /* [p] since its signal was sent, which nobody has heard yet */
    int overrun;                /* [p] what that was of the one heard last */
    struct signal_entry entry;  /* [p] */
};

static struct slab_cache timer_cache;
static struct mutex setting = MUTEX(setting, "timers"); /* over all processes: it is held for a moment */

void posix_timers_init(void)
{
    slab_cache_init(&timer_cache, "timer", sizeof(struct posix_timer));
}

/* Its signal waits no more. */
static void entry_taken(struct signal_entry *entry, struct signal_info *info)
{
    struct posix_timer *t = container_of(entry, struct posix_timer, entry);

    t->overrun = (int)min(t->rings, (u64)OVERRUN_MOST);
    info->uid = (u32)t->overrun;
    if (t->gone)
        slab_free(&timer_cache, t);
}

/* The signal is sent, or, if the last one waits yet, counted. rings: 1 and those that were left out. */
static void tell_locked(struct posix_timer *t, u64 rings)
{
    struct process *p = t->owner;
    struct thread *thread = t->notice.thread ? user_thread_find_locked(p, t->notice.thread) : NULL;

    if (!list_empty(&t->entry.link)) {
        t->rings += rings;
    } else if (!t->notice.none && (thread || !t->notice.thread)) {
        t->rings = rings - 1;
        (void)signal_send_entry_locked(p, thread, &t->entry);
    }
}

/* Interrupts off. */
static void rings(struct timer *timer)
{
    struct posix_timer *t = container_of(timer, struct posix_timer, timer);
    u64 flags = spin_lock_irq(&processes_lock), missed = 0;

    t->set = t->interval != 0;
    if (t->set)
        timer_start(timer, timer_next_ring(timer, t->interval, &missed), rings);
    tell_locked(t, 1 + missed);
    spin_unlock_irq(&processes_lock, flags);
}

static u64 count(const struct process *p)
{
    u64 n = 0;

    list_for_each(it, &p->posix_timers)
        n++;
    return n;
}

static bool thread_is_known(const struct process *p, tid_t tid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool known = user_thread_find_locked(p, tid) != NULL;

    spin_unlock_irq(&processes_lock, flags);
    return known;
}

int posix_timer_new(bool real_time, const struct timer_notice *notice)
{
    struct process *p = current_process();
    struct posix_timer *t = NULL;
    int id;

    if (notice->thread && !thread_is_known(p, notice->thread))
        return -EINVAL;
    mutex_lock(&setting);
    id = p->timers_made;
    if (count(p) < p->limits.of[RLIMIT_SIGPENDING].now && id >= 0)
        t = slab_alloc(&timer_cache);
    if (t) {
        *t = (struct posix_timer){ .owner = p, .id = id, .real_time = real_time, .notice = *notice };
        t->entry.signal = notice->signal;
        t->entry.info = (struct signal_info){ .code = SI_TIMER, .pid = id, .value = notice->own_id ? (u64)id : notice->value };
        t->entry.taken = entry_taken;
        rb_node_init(&t->timer.node);
        list_init(&t->link);
        list_init(&t->entry.link);
        list_push_tail(&p->posix_timers, &t->link);
        p->timers_made++;
    }
    mutex_unlock(&setting);
    return t ? id : -EAGAIN;
}

/* The running process's timer of that number, or NULL. `setting` is held. */
static struct posix_timer *find(int id)
{
    list_for_each(it, &current_process()->posix_timers) {
        struct posix_timer *t = list_entry(it, struct posix_timer, link);

        if (t->id == id)
            return t;
    }
    return NULL;
}

static struct timer_setting setting_locked(const struct posix_timer *t)
{
    return (struct timer_setting){ t->set ? (u64)max((s64)(t->timer.expires - clock_ns()), 1) : 0, t->interval };
}

/* When it is to ring that is set so. */
static u64 first_ring(const struct posix_timer *t, bool absolute, u64 left)
{
    u64 epoch = t->real_time ? fs_epoch_ns : 0;

    if (!absolute)
        return min(clock_ns() + left, TIME_MOST);
    return left > epoch ? left - epoch : 0;
}

int posix_timer_set(int id, bool absolute, const struct timer_setting *wanted, struct timer_setting *before)
{
    struct posix_timer *t;
    u64 flags;

    mutex_lock(&setting);
    t = find(id);
    if (t) {
        (void)timer_cancel(&t->timer); /* without processes_lock, which rings() takes */
        flags = spin_lock_irq(&processes_lock);
        *before = setting_locked(t);
        t->set = wanted->left != 0;
        t->interval = t->set ? wanted->interval : 0;
        t->rings = 0;
        t->overrun = 0;
        if (t->set)
            timer_start(&t->timer, first_ring(t, absolute, wanted->left), rings);
        spin_unlock_irq(&processes_lock, flags);
    }
    mutex_unlock(&setting);
    return t ? 0 : -EINVAL;
}

int posix_timer_look(int id, struct timer_setting *now)
{
    struct posix_timer *t;
    u64 flags;

    mutex_lock(&setting);
    t = find(id);
    flags = spin_lock_irq(&processes_lock);
    if (t)
        *now = setting_locked(t);
    spin_unlock_irq(&processes_lock, flags);
    mutex_unlock(&setting);
    return t ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
    struct posix_timer *t;
    int overrun;

    mutex_lock(&setting);
    t = find(id);
    overrun = t ? t->overrun : -EINVAL;
    mutex_unlock(&setting);
    return overrun;
}

/* `setting` is held. What it sent and nobody has heard is heard yet. */
static void drop(struct posix_timer *t)
{
    u64 flags;

    (void)timer_cancel(&t->timer);
    list_remove(&t->link);
    flags = spin_lock_irq(&processes_lock);
    t->gone = true;
    if (list_empty(&t->entry.link))
        slab_free(&timer_cache, t);
    spin_unlock_irq(&processes_lock, flags);
}

int posix_timer_delete(int id)
{
    struct posix_timer *t;

    mutex_lock(&setting);
    t = find(id);
    if (t)
        drop(t);
    mutex_unlock(&setting);
    return t ? 0 : -EINVAL;
}

void posix_timers_end(struct process *p)
{
    u64 flags;

    if (!p->timers_made)
        return; /* as nearly always */
    mutex_lock(&setting);
    while (!list_empty(&p->posix_timers))
        drop(list_entry(p->posix_timers.next, struct posix_timer, link));
    p->timers_made = 0;
    mutex_unlock(&setting);
    flags = spin_lock_irq(&processes_lock);
    signals_forget_entries(&user_thread(current())->own);
    signals_forget_entries(&p->signals);
    spin_unlock_irq(&processes_lock, flags);
}
