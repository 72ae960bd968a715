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

/* Whether a signal that is being taken came more than once, and so stays pending. */
static bool signal_once_less(struct process *p, int signal)
{
    u8 *more = signal > SIGNALS_WITH_INFO ? &p->signals.more[signal - 1 - SIGNALS_WITH_INFO] : NULL;

    return more && *more && (*more)--;
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

/* A stopped process goes on. news: its parent is to hear of it. */
static void continue_locked(struct process *p, bool news)
{
    p->signals.pending &= ~SIGNALS_STOP;
    p->stopping = false;
    if (!p->stopped)
        return;
    p->stopped = p->stop_news = false;
    list_for_each(it, &p->threads)
        thread_resume(list_entry(it, struct thread, owner_link)->tid);
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
static void note_locked(struct process *p, int signal, const struct signal_info *info)
{
    bool already = p->signals.pending & SIGNAL_BIT(signal);
    u8 *more = &p->signals.more[max(signal - 1 - SIGNALS_WITH_INFO, 0)];

    p->signals.pending |= SIGNAL_BIT(signal);
    if (already && signal > SIGNALS_WITH_INFO)
        *more = (u8)min(*more + 1, UINT8_MAX);
    else if (!already && signal <= SIGNALS_WITH_INFO)
        p->signals.info[signal - 1] = *info;
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
    note_locked(p, signal, info ? info : &kernel);
    interrupt_one_locked(p, signal);
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

    if (user->blocked & SIGNAL_BIT(signal) || action->handler == SIG_IGN)
        *action = (struct signal_action){ .handler = SIG_DFL };
    user->blocked &= ~SIGNAL_BIT(signal);
    if (signal <= SIGNALS_WITH_INFO)
        p->signals.info[signal - 1] = *info;
    p->signals.pending |= SIGNAL_BIT(signal);
    current()->interrupted = true;
    spin_unlock_irq(&processes_lock, flags);
}

void signal_mask_set(u64 mask)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct user_thread *user = user_thread(current());

    user->blocked = mask & ~SIGNALS_UNBLOCKABLE;
    current()->interrupted = current_process()->signals.pending & ~user->blocked;
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
