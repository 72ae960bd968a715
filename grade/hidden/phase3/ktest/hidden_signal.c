/* Random signals to one process: sent, blocked, ignored, taken. It has a user mode and never goes there, so nobody but the test hears
   them. */
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/thread.h"

#define STEPS 700
#define HANDLER 0x400000ul

static u64 some_signals(u64 *draws)
{
    u64 high = draw(draws, 1ul << 31), set = high << 33 | high >> 15 | draw(draws, 1ul << 31) << 8;

    return draw(draws, 3) ? set : set & draw(draws, 1ul << 31) << 20;
}

/* RESULT: step, what was taken; NOTE: its sender, and why it came. COUNT: step, what is pending then. */
static void take(struct process *p, u64 step, u64 blocked)
{
    struct signal_info info = { .code = 77, .pid = 77 };
    int signal = signal_take(p, blocked, &info);

    fact(FACT_RESULT, step, (u64)(s64)signal);
    if (signal)
        fact(FACT_NOTE, (u64)(s64)info.pid, (u64)(s64)info.code);
}

/* FOUND: signal, whether it is ignored. */
static void step(struct process *p, u64 *draws, u64 n)
{
    u64 what = draw(draws, 16), how = draw(draws, 3), number = draw(draws, 4) ? 1 + draw(draws, NSIG) : 15 + draw(draws, 9);
    u64 sender = draw(draws, 1ul << 31), set = some_signals(draws);
    struct signal_info info = { .code = sender & 1 ? SI_USER : SI_TKILL, .pid = (pid_t)sender };

    if (what < 6) {
        signal_send_locked(p, (int)number, &info);
    } else if (what < 8) {
        p->signals.action[number - 1].handler = how == 0 ? SIG_DFL : how == 1 ? SIG_IGN : HANDLER;
        fact(FACT_FOUND, number, signal_ignored(p, (int)number));
    } else if (what < 9) {
        user_thread(current())->blocked = set & ~SIGNALS_UNBLOCKABLE;
    } else {
        take(p, n, what < 12 ? user_thread(current())->blocked : set);
    }
    fact(FACT_COUNT, n, p->signals.pending);
}

static int signals(struct address_space *space)
{
    struct process *p = current_process();
    u64 draws = draws_of(0), flags = spin_lock_irq(&processes_lock);

    (void)space;
    for (u64 n = 0; n < STEPS; n++)
        step(p, &draws, n);
    for (u64 n = 0; n < 300 && p->signals.pending; n++)
        take(p, STEPS + n, 0);
    fact(FACT_COUNT, STEPS, p->signals.pending);
    p->signals.pending = 0;
    current()->interrupted = false;
    spin_unlock_irq(&processes_lock, flags);
    return 0;
}

KTEST(hidden_signal, "signals are sent, blocked, ignored and taken, as the seed decides")
{
    return run_in_space(signals);
}
