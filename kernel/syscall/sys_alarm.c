/* System calls on a process's interval timers: its alarm, SIGALRM when it rings, and those by CPU time (proc/cpu_timer.h). Locks: `setting`
   for who sets one, since threads of a process share its alarm, and a timer that one of them cancels must not be started by another one;
   processes_lock for what it is set to. */
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/table.h"
#include "sched/periodic.h"
#include "syscall/calls.h"

enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };

static struct mutex setting = MUTEX(setting, "alarm"); /* over all processes: it is held for a moment */

/* Interrupts off. */
static void alarm_rings(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, alarm);
    u64 flags = spin_lock_irq(&processes_lock);

    signal_send_locked(p, SIGALRM, NULL);
    if (p->alarm_interval)
        timer_start(&p->alarm, timer_next_ring(&p->alarm, p->alarm_interval, NULL), alarm_rings);
    spin_unlock_irq(&processes_lock, flags);
}

/* Sets the alarm of the running process to ring in `first` ns (0: not at all), and then every `interval` ns (0: once). Tells what
   was left, and the interval, of the one before. */
static void alarm_set(u64 first, u64 interval, u64 *left, u64 *old_interval)
{
    struct process *p = current_process();
    bool was_set;
    u64 flags, now;

    mutex_lock(&setting);
    was_set = timer_cancel(&p->alarm); /* without processes_lock, which alarm_rings() takes */
    flags = spin_lock_irq(&processes_lock);
    now = clock_ns();
    *left = was_set ? max((s64)(p->alarm.expires - now), 1) : 0;
    *old_interval = was_set ? p->alarm_interval : 0;
    p->alarm_interval = first ? interval : 0;
    if (first)
        timer_start(&p->alarm, now + first, alarm_rings);
    spin_unlock_irq(&processes_lock, flags);
    mutex_unlock(&setting);
}

s64 sys_alarm(u32 seconds)
{
    u64 left, interval;

    alarm_set(seconds * NS_PER_SEC, 0, &left, &interval);
    return (s64)((left + NS_PER_SEC / 2) / NS_PER_SEC) + (left && left < NS_PER_SEC / 2);
}

struct user_itimer {
    s64 interval_s, interval_us, first_s, first_us;
};

static bool good_us(s64 seconds, s64 us)
{
    return seconds >= 0 && seconds < (s64)1 << 32 && us >= 0 && us < 1000000;
}

static struct user_itimer to_user(const struct timer_setting *setting)
{
    return (struct user_itimer){ (s64)(setting->interval / NS_PER_SEC), (s64)(setting->interval % NS_PER_SEC / 1000),
                                 (s64)(setting->left / NS_PER_SEC), (s64)(setting->left % NS_PER_SEC / 1000) };
}

static bool is_by_cpu(int which)
{
    return which == ITIMER_VIRTUAL || which == ITIMER_PROF;
}

s64 sys_setitimer(int which, uptr new, uptr old)
{
    struct user_itimer timer = { 0 }, before;
    struct timer_setting setting, was;

    if (new && copyin(&timer, new, sizeof(timer)))
        return -EFAULT;
    if (which != ITIMER_REAL && !is_by_cpu(which))
        return -EINVAL;
    if (!good_us(timer.interval_s, timer.interval_us) || !good_us(timer.first_s, timer.first_us))
        return -EINVAL;
    setting.left = (u64)timer.first_s * NS_PER_SEC + (u64)timer.first_us * 1000;
    setting.interval = (u64)timer.interval_s * NS_PER_SEC + (u64)timer.interval_us * 1000;
    if (is_by_cpu(which))
        cpu_timer_set(which == ITIMER_PROF ? CPU_TIMER_PROF : CPU_TIMER_VIRTUAL, &setting, &was);
    else
        alarm_set(setting.left, setting.interval, &was.left, &was.interval);
    before = to_user(&was);
    return old && copyout(old, &before, sizeof(before)) ? -EFAULT : 0;
}

s64 sys_getitimer(int which, uptr now)
{
    struct process *p = current_process();
    struct timer_setting setting = { 0 };
    struct user_itimer timer;
    u64 flags;

    if (is_by_cpu(which)) {
        cpu_timer_get(which == ITIMER_PROF ? CPU_TIMER_PROF : CPU_TIMER_VIRTUAL, &setting);
        timer = to_user(&setting);
        return copyout(now, &timer, sizeof(timer));
    }
    if (which != ITIMER_REAL)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    if (rb_linked(&p->alarm.node) || p->alarm_interval) { /* one that repeats may be ringing just now */
        setting.left = (u64)max((s64)(p->alarm.expires - clock_ns()), 1000);
        setting.interval = p->alarm_interval;
    }
    spin_unlock_irq(&processes_lock, flags);
    timer = to_user(&setting);
    return copyout(now, &timer, sizeof(timer));
}
