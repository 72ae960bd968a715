/* select() and pselect6(): poll() by sets of bits. */
#include "fs/context.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "proc/user_thread.h"
#include "sched/interrupt.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define SETS 3

#define SIZE_LEAST 64 /* descriptors that are looked at though no program has so many: as Linux does */

/* By what a bit of each set is answered, as Linux has it; the set is known by the first of these. Nothing else ends the wait. */
static const u32 names[SETS] = { POLLIN, POLLOUT, 0 };
static const u32 answers[SETS] = { POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLERR, 0 };

struct sets {
    u64 *bits[SETS];  /* so many words each */
    size_t words;
    struct pollfd *fds;
};

static bool has(const u64 *bits, size_t fd)
{
    return bits[fd / 64] >> fd % 64 & 1;
}

/* The descriptors that are in any of the sets. Returns how many. */
static size_t to_poll(const struct sets *sets, size_t n)
{
    size_t count = 0;

    for (size_t fd = 0; fd < n; fd++) {
        struct pollfd one = { .fd = (int)fd };
        bool any = false;

        for (unsigned i = 0; i < SETS; i++) {
            any |= has(sets->bits[i], fd);
            one.events |= has(sets->bits[i], fd) ? (u16)answers[i] : 0;
        }
        if (any)
            sets->fds[count++] = one;
    }
    return count;
}

/* What was asked is replaced by what is so. Returns how many bits are set; -EBADF: one is no open file. */
static s64 from_poll(const struct sets *sets, size_t count)
{
    s64 set = 0;

    memset(sets->bits[0], 0, SETS * sets->words * sizeof(u64)); /* also what is beyond n, in the last word */
    for (size_t k = 0; k < count; k++) {
        const struct pollfd *one = &sets->fds[k];

        if (one->revents & POLLNVAL)
            return -EBADF;
        for (unsigned i = 0; i < SETS; i++) {
            bool is = one->events & names[i] && one->revents & answers[i];

            sets->bits[i][one->fd / 64] |= (u64)is << one->fd % 64;
            set += is;
        }
    }
    return set;
}

static int copy_sets(const struct sets *sets, const uptr at[SETS], bool out)
{
    size_t size = sets->words * sizeof(u64);

    for (unsigned i = 0; i < SETS; i++)
        if (at[i] && (out ? copyout(at[i], sets->bits[i], size) : copyin(sets->bits[i], at[i], size)))
            return -EFAULT;
    return 0;
}

/* Waits until `when`. The sets are answered unless an error is returned. */
static s64 select_until(size_t n, const uptr at[SETS], u64 when)
{
    size_t words = (n + 63) / 64, size = SETS * words * sizeof(u64) + n * sizeof(struct pollfd), count;
    u64 *memory = kmalloc(max(size, 8ul));
    struct sets sets = { { memory, memory + words, memory + 2 * words }, words, (struct pollfd *)(memory + SETS * words) };
    s64 result;

    if (!memory)
        return -ENOMEM;
    result = copy_sets(&sets, at, false);
    if (!result) {
        count = to_poll(&sets, n);
        result = fs_poll(sets.fds, count, 0, when);
        if (result >= 0)
            result = from_poll(&sets, count);
        if (result >= 0 && copy_sets(&sets, at, true))
            result = -EFAULT;
    }
    kfree(memory);
    return result;
}

/* Bits beyond what there is room for are not looked at. */
static s64 select(int n, uptr reads, uptr writes, uptr others, u64 when)
{
    const uptr at[SETS] = { reads, writes, others };

    return n < 0 ? -EINVAL : select_until((size_t)min(n, max(current_fs()->fds->size, SIZE_LEAST)), at, when);
}

/* From so many seconds and parts of one, ns from now. */
static int until(s64 seconds, s64 parts, s64 parts_a_second, u64 *when)
{
    if (seconds < 0 || parts < 0)
        return -EINVAL;
    *when = clock_ns() + min((u64)seconds, 1ul << 32) * NS_PER_SEC + (u64)parts * (NS_PER_SEC / (u64)parts_a_second);
    return 0;
}

void sys_tell_left(uptr at, u64 when, u64 part)
{
    u64 now = clock_ns(), left = when > now ? when - now : 0;
    u64 time[2] = { left / NS_PER_SEC, left % NS_PER_SEC / part };

    (void)copyout(at, time, sizeof(time));
}

s64 sys_select(int n, uptr reads, uptr writes, uptr others, uptr timeout)
{
    u64 when = ~0ul;
    s64 time[2], result;

    if (timeout) {
        if (copyin(time, timeout, sizeof(time)))
            return -EFAULT;
        if (time[1] >= 0 && time[0] >= 0 && __builtin_add_overflow(time[0], time[1] / 1000000, &time[0]))
            return -EINVAL;
        result = until(time[0], time[1] < 0 ? -1 : time[1] % 1000000, 1000000, &when);
        if (result)
            return result;
    }
    result = select(n, reads, writes, others, when);
    if (timeout)
        sys_tell_left(timeout, when, 1000);
    return result;
}

/* mask: a set and its size. As in ppoll(), a signal that came is heard before the old mask returns. */
s64 sys_pselect6(int n, uptr reads, uptr writes, uptr others, uptr timeout, uptr mask)
{
    struct user_thread *user = user_thread(current());
    u64 when = ~0ul, at[2] = { 0 }, set;
    s64 time[2], result;

    if (mask && copyin(at, mask, sizeof(at)))
        return -EFAULT;
    if (timeout) {
        if (copyin(time, timeout, sizeof(time)))
            return -EFAULT;
        result = time[1] >= (s64)NS_PER_SEC ? -EINVAL : until(time[0], time[1], (s64)NS_PER_SEC, &when);
        if (result)
            return result;
    }
    if (at[0]) {
        if (at[1] != sizeof(set))
            return -EINVAL;
        if (copyin(&set, at[0], sizeof(set)))
            return -EFAULT;
        user->saved_mask = user->blocked;
        user->restore_mask = true;
        signal_mask_set(set);
    }
    result = select(n, reads, writes, others, when);
    if (at[0] && result != -ERESTART_NO_HANDLER) {
        user->restore_mask = false;
        signal_mask_set(user->saved_mask);
    }
    if (timeout)
        sys_tell_left(timeout, when, 1);
    return result;
}
