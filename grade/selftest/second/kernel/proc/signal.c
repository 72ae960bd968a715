/* A second solution of lab 3.8a: signals by number, one after the other. */
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

static struct slab_cache action_cache;

void signals_init(void)
{
    slab_cache_init(&action_cache, "signal actions", NSIG * sizeof(struct signal_action));
}

int signals_new(struct signals *signals, const struct signals *parent)
{
    signals->action = slab_alloc(&action_cache);
    if (!signals->action)
        return -ENOMEM;
    if (parent && parent->action)
        memcpy(signals->action, parent->action, NSIG * sizeof(struct signal_action));
    return 0;
}

void signals_free(struct signals *signals)
{
    if (signals->action)
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
    if (signal == SIGKILL || signal == SIGSTOP)
        return false;
    switch (p->signals.action[signal - 1].handler) {
    case SIG_IGN:
        return true;
    case SIG_DFL:
        return (SIGNALS_IGNORED & SIGNAL_BIT(signal)) != 0;
    default:
        return false;
    }
}

static bool once_less(struct signals *signals, int signal)
{
    u8 *more = signal > SIGNALS_WITH_INFO ? &signals->more[signal - 1 - SIGNALS_WITH_INFO] : NULL;

    return more && *more && (*more)--;
}

/* Whether a signal that is being taken came more than once, and so stays pending. */
static bool signal_once_less(struct process *p, int signal)
{
    return once_less(&p->signals, signal);
}

/* The number to take next; 0: none. */
static int next_number(u64 set)
{
    if (set & SIGNAL_BIT(SIGKILL))
        return SIGKILL;
    for (int signal = 1; signal <= NSIG; signal++)
        if (set & SIGNAL_BIT(signal))
            return signal;
    return 0;
}

int signal_take(struct process *p, u64 blocked, struct signal_info *info)
{
    int signal = next_number(p->signals.pending & ~blocked);

    if (!signal)
        return 0;
    *info = (struct signal_info){ .code = SI_USER };
    if (signal <= SIGNALS_WITH_INFO)
        *info = p->signals.info[signal - 1];
    if (signal_once_less(p, signal))
        return signal;
    p->signals.pending ^= SIGNAL_BIT(signal);
    return signal;
}

int signal_take_any(struct process *p, u64 blocked, struct signal_info *info)
{
    struct signals *own = &user_thread(current())->own;
    u64 ready = own->pending & ~blocked & ~SIGNAL_BIT(SIGKILL);
    int signal;

    if (!ready)
        return signal_take(p, blocked, info);
    signal = __builtin_ctzl(ready) + 1;
    *info = signal <= SIGNALS_WITH_INFO ? own->info[signal - 1] : (struct signal_info){ .code = SI_TKILL };
    if (!once_less(own, signal))
        own->pending &= ~SIGNAL_BIT(signal);
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
    p->signals.pending &= ~SIGNALS_STOP;
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

static bool blocked_by_all(const struct process *p, int signal)
{
    list_for_each(it, &p->threads) {
        const struct thread *t = list_entry(it, struct thread, owner_link);

        if (t->user && !(user_thread(t)->blocked & SIGNAL_BIT(signal)))
            return false;
    }
    return true;
}

/* The signal is pending. Of the first 31, one that is so already says no more; of the others each counts. */
static void note_locked(struct signals *signals, int signal, const struct signal_info *info)
{
    bool already = signals->pending & SIGNAL_BIT(signal);
    u8 *more = &signals->more[max(signal - 1 - SIGNALS_WITH_INFO, 0)];

    signals->pending |= SIGNAL_BIT(signal);
    if (already && signal > SIGNALS_WITH_INFO)
        *more = (u8)min(*more + 1, UINT8_MAX);
    else if (!already && signal <= SIGNALS_WITH_INFO)
        signals->info[signal - 1] = *info;
}

void signal_send_locked(struct process *p, int signal, const struct signal_info *info)
{
    static const struct signal_info kernel = { .code = SI_KERNEL };

    if (p->state == PROCESS_ZOMBIE || !p->signals.action)
        return;
    if (signal == SIGKILL || signal == SIGCONT)
        continue_locked(p, signal == SIGCONT);
    if (SIGNALS_STOP & SIGNAL_BIT(signal))
        p->signals.pending &= ~SIGNAL_BIT(SIGCONT);
    if (p == &first_process && p->signals.action[signal - 1].handler == SIG_DFL)
        return; /* nothing ends or stops process 1 */
    if (signal_ignored(p, signal) && !blocked_by_all(p, signal))
        return;
    note_locked(&p->signals, signal, info ? info : &kernel);
    interrupt_one_locked(p, signal);
}

void signal_send_thread_locked(struct process *p, struct thread *t, int signal, const struct signal_info *info)
{
    struct user_thread *user = user_thread(t);
    u64 bit = SIGNAL_BIT(signal);

    if (bit & (SIGNALS_STOP | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGCONT)) || p == &first_process || process_has_one_thread(p)) {
        signal_send_locked(p, signal, info);
        return;
    }
    if (signal_ignored(p, signal) && !(user->blocked & bit))
        return;
    note_locked(&user->own, signal, info);
    if (!(user->blocked & bit))
        thread_interrupt(t);
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

unsigned signal_send_group(pid_t pgid, int signal, const struct signal_info *info)
{
    u64 flags = spin_lock_irq(&processes_lock);
    unsigned n = 0;

    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->pgid != pgid)
            continue;
        signal_send_locked(p, signal, info);
        n++;
    }
    spin_unlock_irq(&processes_lock, flags);
    return n;
}
