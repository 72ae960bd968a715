/* The monitor's command about CPUs: which a thread may run on. No lock but the thread table's, while one is looked at. */
#include "base/cpu.h"
#include "base/printk.h"
#include "init/monitor.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/affinity.h"

/* The first word of *text, which then begins behind it. Returns false if that is no number. */
static bool next_number(char **text, u64 *value)
{
    char *word = *text;

    while (**text && **text != ' ')
        ++*text;
    if (**text)
        *(*text)++ = 0;
    return !parse_u64(word, value);
}

/* Returns 0 or -ESRCH. */
static int tell(tid_t tid)
{
    u64 flags = threads_lock_irq(), mask = 0;
    const struct thread *t = thread_find_locked(tid);
    int cpu = t ? t->last_cpu : 0;

    if (t)
        mask = thread_affinity(t);
    threads_unlock_irq(flags);
    if (!t)
        return -ESRCH;
    printk("thread %d may run on CPUs %#lx of %#lx, and was last on CPU %d\n", tid, mask, cpus_online, cpu);
    return 0;
}

void monitor_cpus(char *argument)
{
    u64 tid, mask;
    bool good = next_number(&argument, &tid), set = *argument;
    int error = 0;

    if (!good || (set && !next_number(&argument, &mask))) {
        printk("cpus of which thread, and on which may it run? cpus TID [MASK], bit n of MASK for CPU n\n");
        return;
    }
    if (set)
        error = thread_set_affinity((tid_t)tid, mask);
    if (error == -EINVAL)
        printk("no CPU of %#lx is online\n", mask);
    else if (error || tell((tid_t)tid))
        printk("there is no thread %lu\n", tid);
}
