/* Timers by CPU time (cpu_timer.h). Nobody counts along: what is left until the first of them rings cannot be used up sooner than by all
   the CPUs that the process's threads may have at once. It is looked at then, and after what is left then once more. At least LOOK_LEAST_NS
   lie between two looks, or a process that waits would be looked at without end: a timer may ring so late. */
#include "proc/cpu_timer.h"
#include "proc/table.h"

#define LOOK_LEAST_NS (2 * NS_PER_MS)

static struct mutex setting = MUTEX(setting, "timers by CPU time"); /* over all processes: as that of alarms (sys_alarm.c) */

static u64 ns_of_limit(u64 seconds)
{
    return seconds > TIME_MOST / NS_PER_SEC ? ~0ul : max(seconds, 1ul) * NS_PER_SEC;
}

/* When it rings next, in CPU time. */
static u64 ring_locked(struct process *p, enum cpu_timer which, u64 used)
{
    u64 *at = &p->cpu.of[which].at, interval = p->cpu.of[which].interval;

    if (*at && used >= *at) {
        signal_send_locked(p, which == CPU_TIMER_PROF ? SIGPROF : SIGVTALRM, NULL);
        *at = interval ? min(*at + ((used - *at) / interval + 1) * interval, TIME_MOST) : 0;
    }
    return *at ? *at : ~0ul;
}

/* Past the limit a process hears of it once a second, and past the hard one it ends. When to look again, in CPU time. */
static u64 keep_limit_locked(struct process *p, u64 used)
{
    struct rlimit *limit = &p->limits.of[RLIMIT_CPU];

    if (used >= ns_of_limit(limit->most)) {
        signal_send_locked(p, SIGKILL, NULL);
        return ~0ul;
    }
    if (used >= ns_of_limit(limit->now)) {
        signal_send_locked(p, SIGXCPU, NULL);
        limit->now = used / NS_PER_SEC + 1; /* as Linux has it: the limit itself moves */
    }
    return ns_of_limit(min(limit->now, limit->most));
}

static void look(struct timer *timer);

/* The timer is not set. Interrupts are off. */
static void look_locked(struct process *p)
{
    u64 used, next = ~0ul, cpus;

    if (p->state != PROCESS_RUNNING)
        return;
    used = process_usage_locked(p).cpu_ns;
    for (enum cpu_timer which = 0; which < CPU_TIMERS; which++)
        next = min(next, ring_locked(p, which, used));
    next = min(next, keep_limit_locked(p, used));
    if (next == ~0ul)
        return;
    cpus = min((u64)__builtin_popcountl(__atomic_load_n(&cpus_online, __ATOMIC_RELAXED)), (u64)max(p->limits.threads, 1u));
    timer_start(&p->cpu.timer, min(clock_ns() + max((next - used) / cpus, LOOK_LEAST_NS), TIME_MOST), look);
}

static void look(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, cpu.timer);
    u64 flags = spin_lock_irq(&processes_lock);

    look_locked(p);
    spin_unlock_irq(&processes_lock, flags);
}

static void get_locked(const struct process *p, enum cpu_timer which, struct timer_setting *now)
{
    u64 at = p->cpu.of[which].at, used = process_usage_locked(p).cpu_ns;

    now->left = at ? (u64)max((s64)(at - used), 1000) : 0;
    now->interval = at ? p->cpu.of[which].interval : 0;
}

void cpu_timer_get(enum cpu_timer which, struct timer_setting *now)
{
    u64 flags = spin_lock_irq(&processes_lock);

    get_locked(current_process(), which, now);
    spin_unlock_irq(&processes_lock, flags);
}

void cpu_timer_set(enum cpu_timer which, const struct timer_setting *new, struct timer_setting *old)
{
    struct process *p = current_process();
    u64 flags;

    mutex_lock(&setting);
    timer_cancel(&p->cpu.timer); /* without processes_lock, which look() takes */
    flags = spin_lock_irq(&processes_lock);
    get_locked(p, which, old);
    p->cpu.of[which].at = new->left ? min(process_usage_locked(p).cpu_ns + new->left, TIME_MOST) : 0;
    p->cpu.of[which].interval = new->interval;
    look_locked(p);
    spin_unlock_irq(&processes_lock, flags);
    mutex_unlock(&setting);
}

void cpu_limit_changed(struct process *p)
{
    u64 flags;

    mutex_lock(&setting);
    timer_cancel(&p->cpu.timer);
    flags = spin_lock_irq(&processes_lock);
    look_locked(p);
    spin_unlock_irq(&processes_lock, flags);
    mutex_unlock(&setting);
}
