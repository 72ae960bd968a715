/* The terminal as a file: reading, writing, settings, and who is told of Ctrl-C. Characters are taken from the console when a reader waits
   for them, or by the console's interrupt, so that Ctrl-C is heard while nobody reads. The console does what ONLCR would do: here a newline
   is written as it stands. Lock: tty_lock. */
#include "fs/tty_line.h"
#include "base/lock.h"
#include "base/panic.h"
#include "base/printk.h"
#include "fs/abi.h"
#include "fs/context.h"
#include "fs/device.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "sched/interrupt.h"

#define CHUNK 256
#define TENTH_NS (NS_PER_SEC / 10)

static struct spinlock tty_lock = SPINLOCK("terminal", RANK_TTY);
static struct wait_queue readers = WAIT_QUEUE(readers, "the terminal"); /* [l], as all below */
static struct winsize window = { .rows = 25, .columns = 80 };
static pid_t foreground;       /* [a] the process group that Ctrl-C is for; 0: none */
static bool used;              /* [a] by a program: from then on, the interrupt takes characters */

/* Takes what the console has: all of it, or until there is something to read. Returns a signal that was typed (then there may be more), or
   0. Stops when the line is full: what comes then waits in the device, and is not lost. */
static int fill(bool all)
{
    int c, signal = 0;

    while (!signal && (tty.ready == tty.taken || (all && !tty_line_full())) && (c = console_poll()) >= 0)
        signal = tty_type((u16)c);
    if (tty.ready != tty.taken || signal) {
        wake_all(&readers);
        poll_changed();
    }
    return signal;
}

static pid_t foreground_now(void)
{
    return __atomic_load_n(&foreground, __ATOMIC_RELAXED);
}

/* Tells the foreground; tty_lock is not held, since that leads up into proc. */
static void send(int signal)
{
    pid_t group = foreground_now();

    if (signal && group)
        fs_hooks->signal_group(group, signal);
}

static void tty_interrupt(void)
{
    int signal;

    do {
        u64 flags = spin_lock_irq(&tty_lock);

        signal = __atomic_load_n(&used, __ATOMIC_RELAXED) ? fill(true) : 0;
        spin_unlock_irq(&tty_lock, flags);
        send(signal);
    } while (signal);
}

/* --- reading and writing --- */

static bool in_background(void)
{
    pid_t group = fs_hooks->group(), front = foreground_now();

    return front && group && group != front;
}

/* Waits until something can be read, tty_lock held. until: ns, ~0: for ever. Returns 0, an error, or -ETIMEDOUT. */
static int wait_for_input(u64 flags, u64 until, bool wait)
{
    int error = 0;

    while (!error) {
        int signal = fill(false);

        if (signal) {
            spin_unlock_irq(&tty_lock, flags);
            send(signal);
            (void)spin_lock_irq(&tty_lock);
            error = current()->interrupted ? -ERESTART : 0; /* what is typed behind its Ctrl-C is for whoever reads next */
        } else if (tty.ready != tty.taken) {
            return 0;
        } else if (!wait) {
            return -EAGAIN;
        } else {
            error = until == ~0ul ? wait_interruptible(&readers, &tty_lock) : wait_interruptible_until(&readers, &tty_lock, until);
        }
    }
    return error;
}

/* How long a raw read may wait for its next character (ns), and how many characters it waits for at all. */
static u64 patience(size_t got)
{
    u8 tenths = tty.tio.cc[VTIME];

    if (tty_flag(ICANON) || !tenths || (tty.tio.cc[VMIN] && !got))
        return ~0ul;
    return clock_ns() + tenths * TENTH_NS;
}

static bool enough(size_t got, bool end)
{
    return tty_flag(ICANON) ? got || end : got >= max(tty.tio.cc[VMIN], (u8)1) || (!tty.tio.cc[VMIN] && !tty.tio.cc[VTIME]);
}

/* tty_lock held; flags: from before. Returns characters in `to`, or an error. */
static s64 read_locked(char *to, size_t n, bool wait, u64 flags)
{
    bool end = false;
    size_t got = 0;

    while (got < n && !end) {
        bool once = !tty_flag(ICANON) && !tty.tio.cc[VMIN] && !tty.tio.cc[VTIME];
        int error = wait_for_input(flags, patience(got), wait && !once);

        if (error)
            return got || error == -ETIMEDOUT || (once && error == -EAGAIN) ? (s64)got : error;
        got += tty_take(to + got, n - got, &end);
        if (enough(got, end))
            break;
    }
    return (s64)got;
}

static s64 tty_read(struct file *file, struct io *io)
{
    size_t n = min(io->left, (size_t)CHUNK);
    char text[CHUNK];
    u64 flags;
    s64 result;

    __atomic_store_n(&used, true, __ATOMIC_RELAXED);
    if (!n)
        return 0;
    if (in_background()) {
        int error = fs_hooks->background(SIGTTIN);

        if (error)
            return error;
    }
    flags = spin_lock_irq(&tty_lock);
    result = read_locked(text, n, !(file->flags & O_NONBLOCK || io->no_wait), flags);
    spin_unlock_irq(&tty_lock, flags);
    if (result > 0 && io_put(io, text, (size_t)result))
        return -EFAULT;
    return result;
}

static s64 tty_write(struct file *file, struct io *io)
{
    size_t n = io->left;
    char text[CHUNK];

    (void)file;
    __atomic_store_n(&used, true, __ATOMIC_RELAXED);
    if (tty_flag(TOSTOP) && in_background()) {
        int error = fs_hooks->background(SIGTTOU);

        if (error)
            return error;
    }
    while (io->left) {
        size_t part = min(io->left, sizeof(text));

        if (io_get(io, text, part))
            return n == io->left ? -EFAULT : (s64)(n - io->left);
        console_write(text, part);
    }
    return (s64)n;
}

static u32 tty_poll(struct file *file)
{
    u64 flags = spin_lock_irq(&tty_lock);
    int signal = fill(false);
    u32 events = POLLOUT | POLLWRNORM | (tty.ready != tty.taken ? POLLIN | POLLRDNORM : 0);

    (void)file;
    spin_unlock_irq(&tty_lock, flags);
    send(signal);
    return events;
}

/* --- settings --- */

void tty_set_termios(const struct termios *to, bool flush)
{
    u64 flags = spin_lock_irq(&tty_lock);

    if (flush)
        tty.taken = tty.ready = tty.typed;
    tty.tio = *to;
    if (!tty_flag(ICANON))
        tty.ready = tty.typed; /* what stands in the line can be read as it is */
    wake_all(&readers);
    spin_unlock_irq(&tty_lock, flags);
}

int tty_set_foreground(pid_t group)
{
    if (group <= 0)
        return -EINVAL;
    if (!fs_hooks->group_known(group))
        return -EPERM;
    __atomic_store_n(&foreground, group, __ATOMIC_RELAXED);
    return 0;
}

static s64 flush_line(uptr which)
{
    u64 flags;

    if (which > 2)
        return -EINVAL;
    flags = spin_lock_irq(&tty_lock);
    if (which != 1)
        tty.taken = tty.ready = tty.typed;
    spin_unlock_irq(&tty_lock, flags);
    return 0;
}

static s64 set_window(const struct winsize *to)
{
    u64 flags = spin_lock_irq(&tty_lock);
    bool same = to->rows == window.rows && to->columns == window.columns;

    window = *to;
    spin_unlock_irq(&tty_lock, flags);
    if (!same)
        send(SIGWINCH);
    return 0;
}

/* Commands that change something, with their argument fetched. */
static s64 change(u32 command, struct io *io)
{
    union {
        struct termios termios;
        struct winsize window;
        pid_t group;
    } to;
    size_t n = command == TIOCSPGRP ? sizeof(to.group) : command == TIOCSWINSZ ? sizeof(to.window) : sizeof(to.termios);

    if (in_background()) {
        int error = fs_hooks->background(SIGTTOU);

        if (error)
            return error;
    }
    io->left = n;
    if (io_get(io, &to, n))
        return -EFAULT;
    if (command == TIOCSPGRP)
        return tty_set_foreground(to.group);
    if (command == TIOCSWINSZ)
        return set_window(&to.window);
    tty_set_termios(&to.termios, command == TCSETSF);
    return 0;
}

static s64 answer(uptr arg, const void *from, size_t n)
{
    struct io io = { .at = arg, .left = n, .user = true };

    return io_put(&io, from, n);
}

static s64 tty_ioctl(struct file *file, u32 command, uptr arg)
{
    struct io io = { .at = arg, .user = true };
    u64 flags = spin_lock_irq(&tty_lock);
    int bytes = (int)(tty.ready - tty.taken);
    struct termios termios = tty.tio;
    struct winsize size = window;
    pid_t group = foreground_now();

    spin_unlock_irq(&tty_lock, flags);
    (void)file;
    switch (command) {
    case TCGETS:
        return answer(arg, &termios, sizeof(termios));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TIOCSPGRP:
    case TIOCSWINSZ:
        return change(command, &io);
    case TIOCGPGRP:
        return answer(arg, &group, sizeof(group));
    case TIOCGWINSZ:
        return answer(arg, &size, sizeof(size));
    case FIONREAD:
        return answer(arg, &bytes, sizeof(bytes));
    case TCFLSH:
        return flush_line(arg);
    case TCSBRK:
        return 0; /* nothing is waiting to be sent */
    case TIOCSCTTY: /* there is one terminal, and the session that asked last has it */
        return tty_set_foreground(fs_hooks->group());
    default:
        return -ENOTTY;
    }
}

/* --- start --- */

static const struct file_ops tty_ops = {
    .read = tty_read, .write = tty_write, .ioctl = tty_ioctl, .poll = tty_poll,
};

static struct char_device tty_device = { .name = "tty", .ops = &tty_ops, .number = 0x500 };
static struct char_device terminal_device = { .name = "terminal", .ops = &tty_ops, .number = 0x501 };

void tty_init(void)
{
    tty.tio = tty_sane;
    console_typed = tty_interrupt;
    if (device_register(&tty_device) || device_register(&terminal_device))
        panic("tty_init: a device name is tty.taken twice");
}
