/* Timers that send signals (posix_timer.h). Lock: processes_lock. A timer has one entry for a queue of signals: while that waits to be
   heard, rings are counted. Whoever uses a timer without the lock, and the entry in a queue, is one of its users; the last one frees it. */
#include "proc/posix_timer.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "proc/user_thread.h"

#define OVERRUN_MOST 0x7fffffff

struct posix_timer {
    struct list link;           /* [p] process.posix_timers */
    struct process *owner;      /* [c] */
    int id;                     /* [c] */
    bool real_time;             /* [c] its times are those of the calendar */
    struct timer_notice notice; /* [c] */
    struct timer timer;         /* the CPU's timer queue */
    u64 interval;               /* [p] ns; 0: once */
    bool set;                   /* [p] it will ring */
    bool gone;                  /* [p] deleted: nobody finds it */
    u32 users;                  /* [p] */
    u64 rings;                  /* [p] since its signal was sent, which nobody has heard yet */
    int overrun;                /* [p] what that was of the one heard last */
    struct signal_entry entry;  /* [p] */
};

static struct slab_cache timer_cache;

void posix_timers_init(void)
{
    slab_cache_init(&timer_cache, "timer", sizeof(struct posix_timer));
}

static void put_locked(struct posix_timer *t)
{
    if (!--t->users)
        slab_free(&timer_cache, t);
}

/* Its signal waits no more. */
static void entry_taken(struct signal_entry *entry, struct signal_info *info)
{
    struct posix_timer *t = container_of(entry, struct posix_timer, entry);

    t->overrun = (int)min(t->rings, (u64)OVERRUN_MOST);
    info->uid = (u32)t->overrun;
    put_locked(t);
}

/* The signal is sent, or, if the last one waits yet, counted. rings: 1 and those that were left out. */
static void tell_locked(struct posix_timer *t, u64 rings)
{
    struct process *p = t->owner;
    struct thread *thread = t->notice.thread ? user_thread_find_locked(p, t->notice.thread) : NULL;

    if (!list_empty(&t->entry.link)) {
        t->rings += rings;
        return;
    }
    if (t->notice.none || (t->notice.thread && !thread))
        return;
    t->rings = rings - 1;
    t->users += signal_send_entry_locked(p, thread, &t->entry);
}

/* Interrupts off. */
static void rings(struct timer *timer)
{
    struct posix_timer *t = container_of(timer, struct posix_timer, timer);
    u64 flags = spin_lock_irq(&processes_lock), missed = 0;

    if (!t->gone && !rb_linked(&timer->node)) { /* else it was set anew meanwhile */
        t->set = t->interval != 0;
        if (t->set)
            timer_start(timer, timer_next_ring(timer, t->interval, &missed), rings);
        tell_locked(t, 1 + missed);
    }
    spin_unlock_irq(&processes_lock, flags);
}

static unsigned count_locked(const struct process *p)
{
    unsigned n = 0;

    list_for_each(it, &p->posix_timers)
        n++;
    return n;
}

int posix_timer_new(bool real_time, const struct timer_notice *notice)
{
    struct process *p = current_process();
    struct posix_timer *t = slab_alloc(&timer_cache);
    u64 flags;
    int result = -EAGAIN;

    if (!t)
        return -EAGAIN;
    *t = (struct posix_timer){ .owner = p, .real_time = real_time, .notice = *notice, .users = 1 };
    rb_node_init(&t->timer.node);
    list_init(&t->link);
    list_init(&t->entry.link);
    flags = spin_lock_irq(&processes_lock);
    if (notice->thread && !user_thread_find_locked(p, notice->thread)) {
        result = -EINVAL;
    } else if (count_locked(p) < p->limits.of[RLIMIT_SIGPENDING].now && p->timers_made >= 0) {
        result = t->id = p->timers_made++;
        t->entry.signal = notice->signal;
        t->entry.info = (struct signal_info){ .code = SI_TIMER, .pid = t->id, .value = notice->own_id ? (u64)t->id : notice->value };
        t->entry.taken = entry_taken;
        list_push_tail(&p->posix_timers, &t->link);
    }
    if (result < 0)
        put_locked(t);
    spin_unlock_irq(&processes_lock, flags);
    return result;
}

/* The running process's timer of that number, in use by the caller; NULL. */
static struct posix_timer *find(int id)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct posix_timer *found = NULL;

    list_for_each(it, &current_process()->posix_timers) {
        struct posix_timer *t = list_entry(it, struct posix_timer, link);

        if (t->id == id)
            found = t;
    }
    if (found)
        found->users++;
    spin_unlock_irq(&processes_lock, flags);
    return found;
}

/* Takes the lock when the timer stands in no queue; it is not set any more. */
static u64 lock_stopped(struct posix_timer *t)
{
    u64 flags;

    for (;;) {
        (void)timer_cancel(&t->timer); /* without the lock, which rings() takes */
        flags = spin_lock_irq(&processes_lock);
        if (!rb_linked(&t->timer.node))
            return flags;
        spin_unlock_irq(&processes_lock, flags); /* another thread has set it, or it rang and goes on */
    }
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
        return clock_ns() + left;
    return left > epoch ? left - epoch : 0;
}

int posix_timer_set(int id, bool absolute, const struct timer_setting *setting, struct timer_setting *before)
{
    struct posix_timer *t = find(id);
    u64 flags;

    if (!t)
        return -EINVAL;
    flags = lock_stopped(t);
    *before = setting_locked(t);
    t->set = setting->left && !t->gone;
    t->interval = t->set ? setting->interval : 0;
    t->rings = 0;
    t->overrun = 0;
    if (t->set)
        timer_start(&t->timer, first_ring(t, absolute, setting->left), rings);
    put_locked(t);
    spin_unlock_irq(&processes_lock, flags);
    return 0;
}

int posix_timer_look(int id, struct timer_setting *now)
{
    struct posix_timer *t = find(id);
    u64 flags;

    if (!t)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    *now = setting_locked(t);
    put_locked(t);
    spin_unlock_irq(&processes_lock, flags);
    return 0;
}

int posix_timer_overrun(int id)
{
    struct posix_timer *t = find(id);
    u64 flags;
    int overrun;

    if (!t)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    overrun = t->overrun;
    put_locked(t);
    spin_unlock_irq(&processes_lock, flags);
    return overrun;
}

/* In use by the caller, who leaves it. What it sent and nobody has heard is heard yet, as on Linux. */
static void drop(struct posix_timer *t)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool first = !t->gone;

    t->gone = true; /* it is not set any more from here on */
    list_remove(&t->link);
    spin_unlock_irq(&processes_lock, flags);
    flags = lock_stopped(t);
    if (first)
        put_locked(t);
    put_locked(t);
    spin_unlock_irq(&processes_lock, flags);
}

int posix_timer_delete(int id)
{
    struct posix_timer *t = find(id);

    if (!t)
        return -EINVAL;
    drop(t);
    return 0;
}

void posix_timers_end(struct process *p)
{
    u64 flags;

    while (!list_empty(&p->posix_timers)) { /* its only thread is this one */
        struct posix_timer *t = list_entry(p->posix_timers.next, struct posix_timer, link);

        t->users++;
        drop(t);
    }
    if (!current()->user)
        return; /* a thread of the kernel's */
    flags = spin_lock_irq(&processes_lock);
    signals_forget_entries(&user_thread(current())->own);
    signals_forget_entries(&p->signals);
    p->timers_made = 0;
    spin_unlock_irq(&processes_lock, flags);
}
