/* System calls on time. Real time is what the battery's clock said at start and what has passed since; nothing can set it. No lock. */
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/interrupt.h"
#include "sched/stat.h"
#include "syscall/calls.h"

enum clock {
    CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCKS,
};

#define TIMER_ABSTIME 1
#define FAR_SECONDS (1l << 32) /* so far away that it never comes */

static bool good(const struct timespec *t)
{
    return t->sec >= 0 && t->nsec >= 0 && (u64)t->nsec < NS_PER_SEC;
}

static u64 to_ns(const struct timespec *t)
{
    return (u64)min(t->sec, FAR_SECONDS) * NS_PER_SEC + (u64)t->nsec;
}

static struct timespec from_ns(u64 ns)
{
    return (struct timespec){ (s64)(ns / NS_PER_SEC), (s64)(ns % NS_PER_SEC) };
}

static u64 process_cpu_ns(void)
{
    u64 flags = spin_lock_irq(&processes_lock), ns = process_usage_locked(current_process()).cpu_ns;

    spin_unlock_irq(&processes_lock, flags);
    return ns;
}

static bool known(int clock)
{
    return clock >= 0 && clock < CLOCKS;
}

static u64 clock_now(int clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return fs_now();
    case CLOCK_PROCESS_CPUTIME_ID:
        return process_cpu_ns();
    case CLOCK_THREAD_CPUTIME_ID:
        return thread_cpu_ns(current());
    default:
        return clock_ns();
    }
}

s64 sys_clock_gettime(int clock, uptr now)
{
    struct timespec time;

    if (!known(clock))
        return -EINVAL;
    time = from_ns(clock_now(clock));
    return copyout(now, &time, sizeof(time));
}

s64 sys_clock_getres(int clock, uptr step)
{
    static const struct timespec one = { 0, 1 };

    if (!known(clock))
        return -EINVAL;
    return step ? copyout(step, &one, sizeof(one)) : 0;
}

s64 sys_clock_settime(int clock, uptr time)
{
    struct timespec new;

    if (clock != CLOCK_REALTIME)
        return -EINVAL;
    if (copyin(&new, time, sizeof(new)))
        return -EFAULT;
    return good(&new) ? -EPERM : -EINVAL;
}

s64 sys_gettimeofday(uptr now, uptr zone)
{
    static const int greenwich[2];
    u64 us = fs_now() / 1000;
    s64 time[2] = { (s64)(us / 1000000), (s64)(us % 1000000) };

    if ((now && copyout(now, time, sizeof(time))) || (zone && copyout(zone, greenwich, sizeof(greenwich))))
        return -EFAULT;
    return 0;
}

s64 sys_time(uptr t)
{
    s64 now = (s64)(fs_now() / NS_PER_SEC);

    return t && copyout(t, &now, sizeof(now)) ? -EFAULT : now;
}

/* --- sleeping ------------------------------------------------------------------------------------------------------------------------ */

/* Waits until `when` (ns) on a queue that nobody else knows. Returns 0 or -ERESTART. */
static int sleep_until(u64 when)
{
    struct wait_queue queue;
    struct spinlock lock;
    u64 flags;
    int error;

    wait_queue_init(&queue, "time");
    spin_init(&lock, "sleep", RANK_WAIT);
    flags = spin_lock_irq(&lock);
    do
        error = wait_interruptible_until(&queue, &lock, when);
    while (!error);
    spin_unlock_irq(&lock, flags);
    return error == -ETIMEDOUT ? 0 : error;
}

/* Sleeps for a while. If a signal ends the sleep without a handler (a stop, and going on), the call begins again: then it ends when it
   would have ended. Otherwise the program hears how much is left. */
static s64 sleep_for(u64 ns, uptr left_at)
{
    struct user_thread *me = user_thread(current());
    u64 until = me->sleep_until ? me->sleep_until : clock_ns() + ns, now;
    struct timespec left;
    int error;

    me->sleep_until = 0;
    error = sleep_until(until);
    if (error != -ERESTART)
        return error;
    now = clock_ns();
    left = from_ns(until > now ? until - now : 0);
    if (left_at && copyout(left_at, &left, sizeof(left)))
        return -EFAULT;
    me->sleep_until = until;
    return -ERESTART_NO_HANDLER;
}

s64 sys_nanosleep(uptr time, uptr left)
{
    struct timespec t;

    if (copyin(&t, time, sizeof(t)))
        return -EFAULT;
    return good(&t) ? sleep_for(to_ns(&t), left) : -EINVAL;
}

s64 sys_clock_nanosleep(int clock, int flags, uptr time, uptr left)
{
    struct timespec t;
    u64 epoch = clock == CLOCK_REALTIME ? fs_epoch_ns : 0, when;

    if (!known(clock))
        return -EINVAL;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return -EOPNOTSUPP;
    if (copyin(&t, time, sizeof(t)))
        return -EFAULT;
    if (!good(&t))
        return -EINVAL;
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(to_ns(&t), left);
    when = to_ns(&t);
    return sleep_until(when > epoch ? when - epoch : 0) ? -ERESTART_NO_HANDLER : 0;
}
