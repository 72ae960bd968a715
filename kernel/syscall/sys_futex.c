/* The system calls futex(), set_robust_list(), get_robust_list(). */
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/robust.h"
#include "proc/user_thread.h"
#include "syscall/calls.h"
#include "syscall/sys_sched.h"

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10 };

#define FUTEX_PRIVATE 128
#define FUTEX_CLOCK_REALTIME 256
#define FAR_SECONDS (1l << 32) /* so far away that it never comes */

/* From a struct timespec of the program's: ns. */
static int user_time(uptr at, u64 *ns)
{
    struct timespec time;

    if (copyin(&time, at, sizeof(time)))
        return -EFAULT;
    if (time.sec < 0 || time.nsec < 0 || (u64)time.nsec >= NS_PER_SEC)
        return -EINVAL;
    *ns = (u64)min(time.sec, FAR_SECONDS) * NS_PER_SEC + (u64)time.nsec;
    return 0;
}

/* Without a limit a signal's action decides whether the call begins again. With one a handler ends it; and if there is none, it goes on
   until it would have ended. */
static s64 wait(uptr at, bool private, u32 value, u32 bits, u64 when)
{
    int error = futex_wait(at, private, value, bits, when);

    if (error != -ERESTART || when == ~0ul)
        return error;
    user_thread(current())->sleep_until = when;
    return -ERESTART_NO_HANDLER;
}

static s64 wait_for(uptr at, bool private, u32 value, uptr limit)
{
    struct user_thread *me = user_thread(current());
    u64 when = ~0ul;
    int error = limit ? user_time(limit, &when) : 0;

    if (error)
        return error;
    if (limit)
        when = me->sleep_until ? me->sleep_until : clock_ns() + when;
    me->sleep_until = 0;
    return wait(at, private, value, FUTEX_ANY, when);
}

static s64 wait_until(uptr at, bool private, u32 value, uptr limit, u32 bits, bool real_time)
{
    u64 when = ~0ul, epoch = real_time ? fs_epoch_ns : 0;
    int error = limit ? user_time(limit, &when) : 0;

    if (error)
        return error;
    if (limit)
        when = when > epoch ? when - epoch : 0;
    user_thread(current())->sleep_until = 0;
    return bits ? wait(at, private, value, bits, when) : -EINVAL;
}

static s64 requeue(uptr at, uptr to, bool private, u32 n, u64 move, const u32 *expected)
{
    if ((int)n < 0 || (int)move < 0)
        return -EINVAL;
    return futex_requeue(at, to, private, n, (u32)move, expected);
}

s64 sys_set_robust_list(uptr head, size_t size)
{
    if (size != ROBUST_HEAD_SIZE)
        return -EINVAL;
    user_thread(current())->robust_list = head;
    return 0;
}

static bool thread_is_there(int tid)
{
    struct process *owner;
    u64 flags = spin_lock_irq(&processes_lock);
    bool found = sched_target_locked(tid, &owner) != NULL;

    spin_unlock_irq(&processes_lock, flags);
    return found;
}

s64 sys_get_robust_list(int tid, uptr head, uptr size_at)
{
    const struct thread *me = current();
    const size_t size = ROBUST_HEAD_SIZE;

    if (tid && tid != thread_user_id(current_process(), me))
        return thread_is_there(tid) ? -EPERM : -ESRCH;
    if (copyout(size_at, &size, sizeof(size)) || copyout(head, &user_thread(me)->robust_list, sizeof(uptr)))
        return -EFAULT;
    return 0;
}

s64 sys_futex(uptr at, int operation, u32 value, u64 limit, uptr to, u32 value3)
{
    bool private = operation & FUTEX_PRIVATE, real_time = operation & FUTEX_CLOCK_REALTIME;
    int command = operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);

    if (real_time && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    switch (command) {
    case FUTEX_WAIT:
        return wait_for(at, private, value, limit);
    case FUTEX_WAIT_BITSET:
        return wait_until(at, private, value, limit, value3, real_time);
    case FUTEX_WAKE:
        return futex_wake(at, private, (u32)max((int)value, 1), FUTEX_ANY); /* one at least, as Linux */
    case FUTEX_WAKE_BITSET:
        return value3 ? futex_wake(at, private, (u32)max((int)value, 1), value3) : -EINVAL;
    case FUTEX_REQUEUE:
        return requeue(at, to, private, value, limit, NULL);
    case FUTEX_CMP_REQUEUE:
        return requeue(at, to, private, value, limit, &value3);
    default:
        return -ENOSYS;
    }
}
