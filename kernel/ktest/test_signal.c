/* Lab 3.8a: signal_ignored() and signal_take(), asked about every signal, for a process that nobody else knows. */
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/process.h"
#include "proc/table.h"

static struct process subject;

/* The set of those that the subject ignores, with this as its action for all. */
static u64 ignored_with(uptr handler)
{
    u64 set = 0, flags;

    for (unsigned i = 0; i < NSIG; i++)
        subject.signals.action[i].handler = handler;
    flags = spin_lock_irq(&processes_lock);
    for (int signal = 1; signal <= NSIG; signal++)
        set |= signal_ignored(&subject, signal) ? SIGNAL_BIT(signal) : 0;
    spin_unlock_irq(&processes_lock, flags);
    return set;
}

/* Takes one signal that is pending alone. RETURNED: what signal_take() said; RESULT: its info: code << 32 | sender. */
static void take(int signal)
{
    struct signal_info info = { .code = 77, .pid = 7777 };
    u64 flags = spin_lock_irq(&processes_lock);

    subject.signals.pending = SIGNAL_BIT(signal);
    fact(FACT_RETURNED, (u64)signal, (u64)signal_take(&subject, 0, &info));
    fact(FACT_RESULT, (u64)signal, (u64)(u32)info.code << 32 | (u32)info.pid);
    spin_unlock_irq(&processes_lock, flags);
}

/* ORDER: the set that is pending, what is taken of it. */
static void take_one_of(u64 pending)
{
    struct signal_info info;
    u64 flags = spin_lock_irq(&processes_lock);

    subject.signals.pending = pending;
    fact(FACT_ORDER, pending, (u64)signal_take(&subject, 0, &info));
    spin_unlock_irq(&processes_lock, flags);
}

/* FOUND: handler, the set that is ignored with it: 0 SIG_DFL, 1 SIG_IGN, 2 an address. */
KTEST(signal_calls, "signal_ignored() and signal_take() for every signal")
{
    static const int taken[] = { 1, SIGNALS_WITH_INFO, SIGNALS_WITH_INFO + 1, NSIG };
    int error;

    memset(&subject, 0, sizeof(subject));
    error = signals_new(&subject.signals, NULL);
    if (error)
        return error;
    for (uptr handler = SIG_DFL; handler <= 2; handler++)
        fact(FACT_FOUND, handler, ignored_with(handler));
    for (unsigned i = 0; i < SIGNALS_WITH_INFO; i++)
        subject.signals.info[i] = (struct signal_info){ .code = SI_TKILL, .pid = (pid_t)i + 1 };
    for (unsigned i = 0; i < array_len(taken); i++)
        take(taken[i]);
    take_one_of(SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP));
    take_one_of(SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    take_one_of(SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(NSIG));
    for (int lowest = 1; lowest <= NSIG; lowest++)
        if (lowest != SIGKILL)
            take_one_of(~0ul << (lowest - 1) & ~SIGNAL_BIT(SIGKILL));
    signals_free(&subject.signals);
    return 0;
}
