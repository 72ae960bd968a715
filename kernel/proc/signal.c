/* Signals on their way: who gets one, what is kept, what is taken next. Lock: processes_lock. */
#include "proc/signal.h"
#include "base/lab.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/control.h"
#include "sched/interrupt.h"

/* What a process that has no handler for them does not hear. */
#define SIGNALS_IGNORED (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGCONT))

static struct slab_cache action_cache, entry_cache;

void signals_init(void)
{
    slab_cache_init(&action_cache, "signal actions", NSIG * sizeof(struct signal_action));
    slab_cache_init(&entry_cache, "queued signal", sizeof(struct signal_entry));
}

int signals_new(struct signals *signals, const struct signals *parent)
{
    list_init(&signals->queue);
    signals->action = slab_alloc(&action_cache);
    if (!signals->action)
        return -ENOMEM;
    if (parent && parent->action)
        memcpy(signals->action, parent->action, NSIG * sizeof(struct signal_action));
    return 0;
}

void signals_free(struct signals *signals)
{
    if (!signals->action)
        return;
    signals_forget(signals, ~0ul);
    slab_free(&action_cache, signals->action);
    signals->action = NULL;
}

void signals_reset(struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);

    for (unsigned i = 0; i < NSIG; i++) {
        bool ignored = p->signals.action[i].handler == SIG_IGN;

        p->signals.action[i] = (struct signal_action){ .handler = ignored ? SIG_IGN : SIG_DFL };
    }
    spin_unlock_irq(&processes_lock, flags);
}

bool signal_ignored(const struct process *p, int signal)
{
#if SOLVED >= 308
    uptr handler = p->signals.action[signal - 1].handler;

    if (handler == SIG_DFL)
        return SIGNALS_IGNORED & SIGNAL_BIT(signal);
    return handler == SIG_IGN && !(SIGNALS_UNBLOCKABLE & SIGNAL_BIT(signal));
#else
    /* By the action that the process has set; where that is the default: by SIGNALS_IGNORED. Two signals cannot be ignored. */
    lab_stub("3.8a", "signal_ignored");
    (void)p;
    return signal != SIGKILL; /* only faults, which ask nobody, and what cannot be ignored */
#endif
}

/* Of those of these signals that are in the queue the oldest one is taken out: signals->last. Returns false: there is none. */
static bool queue_pop(struct signals *signals, u64 set)
{
    list_for_each(it, &signals->queue) {
        struct signal_entry *entry = list_entry(it, struct signal_entry, link);

        if (!(set & SIGNAL_BIT(entry->signal)))
            continue;
        signals->last = entry->info;
        signals->last_queued = true;
        list_remove(&entry->link);
        if (entry->taken) {
            entry->taken(entry, &signals->last);
        } else {
            slab_free(&entry_cache, entry);
            signals->queued--;
        }
        return true;
    }
    return false;
}

void signals_forget(struct signals *signals, u64 set)
{
    signals->pending &= ~set;
    signals->plain &= ~set;
    while (queue_pop(signals, set))
        ;
}

static bool queue_has(const struct signals *signals, int signal)
{
    list_for_each(it, &signals->queue)
        if (list_entry(it, struct signal_entry, link)->signal == signal)
            return true;
    return false;
}

void signals_forget_entries(struct signals *signals)
{
    list_for_each_safe(it, &signals->queue) {
        struct signal_entry *entry = list_entry(it, struct signal_entry, link);
        struct signal_info info;
        int signal = entry->signal;

        if (!entry->taken)
            continue;
        list_remove(&entry->link);
        entry->taken(entry, &info);
        if (!queue_has(signals, signal))
            signals->pending &= ~SIGNAL_BIT(signal) | signals->plain;
    }
}

/* One of this number is taken: of the first 31 the one with an info first, else one out of the queue. Whether there is another one. */
static bool once_less(struct signals *signals, int signal)
{
    u64 bit = SIGNAL_BIT(signal), plain = signals->plain & bit;

    signals->plain &= ~bit;
    if (!plain && !queue_pop(signals, bit) && signal > SIGNALS_WITH_INFO) {
        signals->last = (struct signal_info){ .code = SI_USER };
        signals->last_queued = true;
    }
    return queue_has(signals, signal);
}

/* Whether a signal that is being taken came more than once, and so stays pending. */
static bool signal_once_less(struct process *p, int signal)
{
    return once_less(&p->signals, signal);
}

int signal_take(struct process *p, u64 blocked, struct signal_info *info)
{
#if SOLVED >= 308
    u64 ready = p->signals.pending & ~blocked;
    int signal;

    if (!ready)
        return 0;
    signal = ready & SIGNAL_BIT(SIGKILL) ? SIGKILL : __builtin_ctzl(ready) + 1;
    *info = signal <= SIGNALS_WITH_INFO ? p->signals.info[signal - 1] : (struct signal_info){ .code = SI_USER };
    if (!signal_once_less(p, signal))
        p->signals.pending &= ~SIGNAL_BIT(signal);
    return signal;
#else
    /* SIGKILL before all others; of those the lowest number that is not blocked. What is taken is pending no more, unless it came
       more than once (signal_once_less()); and what is known of it goes to *info. */
    lab_stub("3.8a", "signal_take");
    (void)blocked, (void)info, (void)signal_once_less;
    return p->signals.pending ? __builtin_ctzl(p->signals.pending) + 1 : 0;
#endif
}

int signal_take_any(struct process *p, u64 blocked, struct signal_info *info)
{
    struct signals *own = &user_thread(current())->own, *from = own;
    u64 ready = own->pending & ~blocked & ~SIGNAL_BIT(SIGKILL);
    int signal;

    own->last_queued = p->signals.last_queued = false;
    if (ready) {
        signal = __builtin_ctzl(ready) + 1;
        if (!once_less(own, signal))
            own->pending &= ~SIGNAL_BIT(signal);
        *info = own->info[min(signal, SIGNALS_WITH_INFO) - 1];
    } else {
        signal = signal_take(p, blocked, info);
        from = &p->signals;
    }
    if (from->last_queued)
        *info = from->last;
    return signal;
}

/* Whether a thread of p has to look at something before it goes back to user mode. */
static bool has_to_look(const struct process *p, const struct user_thread *user)
{
    return p->stopped || (p->signals.pending | user->own.pending) & ~user->blocked;
}

/* A stopped process goes on. news: its parent is to hear of it. */
static void continue_locked(struct process *p, bool news)
{
    signals_forget(&p->signals, SIGNALS_STOP);
    p->stopping = false;
    if (!p->stopped)
        return;
    p->stopped = p->stop_news = false;
    list_for_each(it, &p->threads)
        (void)thread_resume(list_entry(it, struct thread, owner_link)->tid);
    if (news) {
        p->continue_news = true;
        parent_hears_locked(p, CLD_CONTINUED, SIGCONT);
    }
}

/* A thread that does not block the signal hears it. */
static void interrupt_one_locked(const struct process *p, int signal)
{
    list_for_each(it, &p->threads) {
        struct thread *t = list_entry(it, struct thread, owner_link);

        if (t->user && !(user_thread(t)->blocked & SIGNAL_BIT(signal))) {
            thread_interrupt(t);
            return;
        }
    }
}

void signals_for_others_locked(const struct process *p, u64 signals)
{
    list_for_each(it, &p->threads) {
        struct thread *t = list_entry(it, struct thread, owner_link);

        if (t != current() && t->user && p->signals.pending & signals & ~user_thread(t)->blocked)
            thread_interrupt(t);
    }
}

/* What a thread blocks is kept for it, whatever its action: it may be waiting for it. */
static bool keeps(const struct user_thread *user, int signal)
{
    return (user->blocked | user->awaited) & SIGNAL_BIT(signal);
}

static bool kept_by_all(const struct process *p, int signal)
{
    list_for_each(it, &p->threads) {
        const struct thread *t = list_entry(it, struct thread, owner_link);

        if (t->user && !keeps(user_thread(t), signal))
            return false;
    }
    return true;
}

/* It stands in the queue. Returns 0, or -EAGAIN: there are too many, or there is no memory. */
static int queue_push(struct signals *signals, int signal, const struct signal_info *info, u64 limit)
{
    struct signal_entry *entry = signals->queued < limit ? slab_alloc(&entry_cache) : NULL;

    if (!entry)
        return -EAGAIN;
    *entry = (struct signal_entry){ .signal = signal, .info = *info };
    list_init(&entry->link);
    list_push_tail(&signals->queue, &entry->link);
    signals->queued++;
    return 0;
}

/* The signal is pending. Of the first 31, one that is so already says no more; of the others each counts, and what cannot be queued is not
   sent, unless it was sent by kill(). */
static int note_locked(struct signals *signals, int signal, const struct signal_info *info, u64 limit)
{
    u64 bit = SIGNAL_BIT(signal);
    bool already = signals->pending & bit;
    int error = signal > SIGNALS_WITH_INFO ? queue_push(signals, signal, info, limit) : 0;

    if (error && info->code != SI_USER)
        return error;
    signals->pending |= bit;
    if (!already && signal <= SIGNALS_WITH_INFO) {
        signals->info[signal - 1] = *info;
        signals->plain |= bit;
    }
    return 0;
}

/* Nothing ends or stops process 1. What it blocks may be waited for, and waits like any other. */
static bool unheard_of(const struct process *p, int signal)
{
    return p == &first_process && p->signals.action[signal - 1].handler == SIG_DFL;
}

/* A signal comes for p, which may stop or go on by that alone. Whether somebody would hear it. */
static bool would_hear_locked(struct process *p, int signal)
{
    if (p->state == PROCESS_ZOMBIE || !p->signals.action)
        return false;
    if (signal == SIGKILL || signal == SIGCONT)
        continue_locked(p, signal == SIGCONT);
    if (SIGNALS_STOP & SIGNAL_BIT(signal))
        signals_forget(&p->signals, SIGNAL_BIT(SIGCONT));
    return (!signal_ignored(p, signal) && !unheard_of(p, signal)) || kept_by_all(p, signal);
}

/* Whether a signal for one thread of p is for all of them. */
static bool concerns_all(const struct process *p, int signal)
{
    return SIGNAL_BIT(signal) & (SIGNALS_STOP | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGCONT)) || p == &first_process ||
           process_has_one_thread(p);
}

static bool thread_would_hear(const struct process *p, const struct thread *t, int signal)
{
    return !signal_ignored(p, signal) || keeps(user_thread(t), signal);
}

static void interrupt_thread(struct thread *t, int signal)
{
    if (!(user_thread(t)->blocked & SIGNAL_BIT(signal)))
        thread_interrupt(t);
}

int signal_send_locked(struct process *p, int signal, const struct signal_info *info)
{
    static const struct signal_info kernel = { .code = SI_KERNEL };
    int error;

    if (!would_hear_locked(p, signal))
        return 0;
    error = note_locked(&p->signals, signal, info ? info : &kernel, p->limits.of[RLIMIT_SIGPENDING].now);
    if (!error)
        interrupt_one_locked(p, signal);
    return error;
}

int signal_send_thread_locked(struct process *p, struct thread *t, int signal, const struct signal_info *info)
{
    int error;

    if (concerns_all(p, signal))
        return signal_send_locked(p, signal, info);
    if (!thread_would_hear(p, t, signal))
        return 0;
    error = note_locked(&user_thread(t)->own, signal, info, p->limits.of[RLIMIT_SIGPENDING].now);
    if (!error)
        interrupt_thread(t, signal);
    return error;
}

bool signal_send_entry_locked(struct process *p, struct thread *t, struct signal_entry *entry)
{
    bool one = t && !concerns_all(p, entry->signal);
    struct signals *signals = one ? &user_thread(t)->own : &p->signals;

    if (!(one ? thread_would_hear(p, t, entry->signal) : would_hear_locked(p, entry->signal)))
        return false;
    signals->pending |= SIGNAL_BIT(entry->signal);
    list_push_tail(&signals->queue, &entry->link);
    if (one)
        interrupt_thread(t, entry->signal);
    else
        interrupt_one_locked(p, entry->signal);
    return true;
}

void signal_send(struct process *p, int signal, const struct signal_info *info)
{
    u64 flags = spin_lock_irq(&processes_lock);

    signal_send_locked(p, signal, info);
    spin_unlock_irq(&processes_lock, flags);
}

void signal_force(int signal, const struct signal_info *info)
{
    struct process *p = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    struct user_thread *user = user_thread(current());
    struct signal_action *action = &p->signals.action[signal - 1];
    struct signals *own;

    if (user->blocked & SIGNAL_BIT(signal) || action->handler == SIG_IGN)
        *action = (struct signal_action){ .handler = SIG_DFL };
    user->blocked &= ~SIGNAL_BIT(signal);
    own = process_has_one_thread(p) ? &p->signals : &user->own;
    if (signal <= SIGNALS_WITH_INFO)
        own->info[signal - 1] = *info;
    own->pending |= SIGNAL_BIT(signal);
    own->plain |= signal <= SIGNALS_WITH_INFO ? SIGNAL_BIT(signal) : 0;
    current()->interrupted = true;
    spin_unlock_irq(&processes_lock, flags);
}

void signal_mask_set(u64 mask)
{
    const struct process *p = current_process();
    u64 flags = spin_lock_irq(&processes_lock), before;
    struct user_thread *user = user_thread(current());

    before = user->blocked;
    user->blocked = mask & ~SIGNALS_UNBLOCKABLE;
    current()->interrupted = has_to_look(p, user);
    signals_for_others_locked(p, user->blocked & ~before); /* this one was to hear them */
    spin_unlock_irq(&processes_lock, flags);
}
