/* The terminal as a file: reading, writing, settings. Whose it is, and who is told of Ctrl-C, proc knows (proc/terminal.c). Characters are
   taken from the console when a reader waits for them, or by the console's interrupt, so that Ctrl-C is heard while nobody reads. The
   console does what ONLCR would do: here a newline is written as it stands. Three devices lead here, as on Linux: ttyS0, the terminal
   itself, which hangs up; tty, the same for who has it as the terminal of its session; console, which is always there, for everybody.
   Lock: tty_lock. */
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
#define HUNG_UP 1 /* no error: the end of what can be read */

static struct spinlock tty_lock = SPINLOCK("terminal", RANK_TTY);
static struct wait_queue readers = WAIT_QUEUE(readers, "the terminal"); /* [l], as all below */
static struct poll_source source = POLL_SOURCE(source);
static struct winsize window = { .rows = 25, .columns = 80 };
static uptr hangups;           /* so often it has hung up; a file's data says how often when it was opened */
static bool used;              /* [a] by a program: from then on, the interrupt takes characters */

/* Takes what the console has: all of it, or until there is something to read. Returns a signal that was typed (then there may be more), or
   0. Stops when the line is full: what comes then waits in the device, and is not lost. */
static int fill(bool all)
{
    int c, signal = 0;
    bool typed = false;

    while (!signal && (tty.ready == tty.taken || (all && !tty_line_full())) && (c = console_poll()) >= 0) {
        signal = tty_type((u16)c);
        typed = true;
    }
    if (tty.ready != tty.taken || signal) {
        wake_all(&readers);
        poll_changed(&source, typed && tty.ready != tty.taken ? POLLIN | POLLRDNORM : 0);
    }
    return signal;
}

/* Tells the foreground; tty_lock is not held, since that leads up into proc. */
static void send(int signal)
{
    if (signal)
        fs_hooks->signal_foreground(signal);
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

static const struct file_ops tty_ops, console_ops;

/* Who has the console open as such is never in the background, and does not lose it. */
static bool is_console(const struct file *file)
{
    return file->ops == &console_ops;
}

static bool has_hung_up(const struct file *file)
{
    return !is_console(file) && (uptr)file->data != __atomic_load_n(&hangups, __ATOMIC_RELAXED);
}

/* Waits until something can be read, tty_lock held. until: ns, ~0: for ever. Returns 0, HUNG_UP, an error, or -ETIMEDOUT. */
static int wait_for_input(const struct file *file, u64 flags, u64 until, bool wait)
{
    int error = 0;

    while (!error) {
        int signal;

        if (has_hung_up(file))
            return HUNG_UP;
        signal = fill(false);

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

/* tty_lock held; flags: from before. Returns characters in `to`, or an error. *end: they end a line. */
static s64 read_locked(const struct file *file, char *to, size_t n, bool wait, u64 flags, bool *end)
{
    size_t got = 0;

    *end = false;
    while (got < n && !*end) {
        bool once = !tty_flag(ICANON) && !tty.tio.cc[VMIN] && !tty.tio.cc[VTIME];
        int error = wait_for_input(file, flags, patience(got), wait && !once);

        if (error)
            return got || error == HUNG_UP || error == -ETIMEDOUT || (once && error == -EAGAIN) ? (s64)got : error;
        got += tty_take(to + got, n - got, end);
        if (enough(got, *end))
            break;
    }
    return (s64)got;
}

static s64 tty_read(struct file *file, struct io *io)
{
    bool wait = !(file->flags & O_NONBLOCK || io->no_wait), end;
    char text[CHUNK];
    s64 done = 0, n;

    __atomic_store_n(&used, true, __ATOMIC_RELAXED);
    if (!io->left)
        return 0;
    if (!is_console(file) && !has_hung_up(file)) {
        int error = fs_hooks->background(SIGTTIN);

        if (error)
            return error;
    }
    do { /* a line may be longer than `text`; only for the first piece of it one waits */
        u64 flags = spin_lock_irq(&tty_lock);

        n = read_locked(file, text, min(io->left, (size_t)CHUNK), wait && !done, flags, &end);
        spin_unlock_irq(&tty_lock, flags);
        if (n > 0 && io_put(io, text, (size_t)n))
            n = -EFAULT;
        done += n > 0 ? n : 0;
    } while (io->left && n == CHUNK && !end);
    return done ? done : n;
}

static s64 tty_write(struct file *file, struct io *io)
{
    size_t n = io->left;
    char text[CHUNK];

    __atomic_store_n(&used, true, __ATOMIC_RELAXED);
    if (has_hung_up(file))
        return -EIO;
    if (tty_flag(TOSTOP) && !is_console(file)) {
        int error = fs_hooks->background(SIGTTOU);

        if (error)
            return error;
    }
    while (io->left && !stops_short(n - io->left, n - io->left)) {
        size_t part = min(io->left, sizeof(text));

        if (io_get(io, text, part))
            return n == io->left ? -EFAULT : (s64)(n - io->left);
        console_write(text, part);
    }
    return (s64)(n - io->left);
}

static u32 tty_poll(struct file *file)
{
    u64 flags = spin_lock_irq(&tty_lock);
    int signal = fill(false);
    u32 events = POLLOUT | POLLWRNORM | (tty.ready != tty.taken ? POLLIN | POLLRDNORM : 0);

    if (has_hung_up(file))
        events = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
    spin_unlock_irq(&tty_lock, flags);
    send(signal);
    return events;
}

static struct poll_source *source_of(struct file *file)
{
    (void)file;
    return &source;
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
    poll_changed(&source, POLL_ANY);
    spin_unlock_irq(&tty_lock, flags);
}

void tty_hang_up(void)
{
    u64 flags = spin_lock_irq(&tty_lock);

    __atomic_fetch_add(&hangups, 1, __ATOMIC_RELAXED);
    tty.taken = tty.ready = tty.typed;
    wake_all(&readers);
    poll_changed(&source, POLL_ANY);
    spin_unlock_irq(&tty_lock, flags);
}

static s64 flush_line(uptr which)
{
    int error = fs_hooks->background(SIGTTOU);
    u64 flags;

    if (error)
        return error;
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

static s64 change_window(uptr from)
{
    struct io io = { .at = from, .left = sizeof(struct winsize), .user = true };
    struct winsize to;

    return io_get(&io, &to, sizeof(to)) ? -EFAULT : set_window(&to);
}

static s64 change_mode(uptr from, bool flush)
{
    struct io io = { .at = from, .left = sizeof(struct termios), .user = true };
    struct termios to;
    int error = fs_hooks->background(SIGTTOU);

    if (error)
        return error;
    if (io_get(&io, &to, sizeof(to)))
        return -EFAULT;
    tty_set_termios(&to, flush);
    return 0;
}

static s64 answer(uptr arg, const void *from, size_t n)
{
    struct io io = { .at = arg, .left = n, .user = true };

    return io_put(&io, from, n);
}

static s64 tty_ioctl(struct file *file, u32 command, uptr arg)
{
    u64 flags = spin_lock_irq(&tty_lock);
    int bytes = (int)(tty.ready - tty.taken);
    struct termios termios = tty.tio;
    struct winsize size = window;

    spin_unlock_irq(&tty_lock, flags);
    if (has_hung_up(file))
        return command == TIOCSPGRP ? -ENOTTY : -EIO;
    switch (command) {
    case TCGETS:
        return answer(arg, &termios, sizeof(termios));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return change_mode(arg, command == TCSETSF);
    case TIOCSWINSZ:
        return change_window(arg);
    case TIOCGWINSZ:
        return answer(arg, &size, sizeof(size));
    case FIONREAD:
        return answer(arg, &bytes, sizeof(bytes));
    case TCFLSH:
        return flush_line(arg);
    case TCSBRK:
        return fs_hooks->background(SIGTTOU); /* nothing is waiting to be sent */
    default:
        return fs_hooks->terminal_control(file, command, arg);
    }
}

/* --- start --- */

static int serial_open(struct file *file)
{
    if (!(file->flags & O_NOCTTY))
        fs_hooks->terminal_opened(file);
    file->data = (void *)__atomic_load_n(&hangups, __ATOMIC_RELAXED);
    return 0;
}

static int tty_open(struct file *file)
{
    file->data = (void *)__atomic_load_n(&hangups, __ATOMIC_RELAXED);
    return fs_hooks->has_terminal() ? 0 : -ENXIO; /* asked last: if it hangs up from now on, so does this file */
}

static const struct file_ops tty_ops = {
    .read = tty_read, .write = tty_write, .ioctl = tty_ioctl, .poll = tty_poll, .source = source_of,
};
static const struct file_ops console_ops = {
    .read = tty_read, .write = tty_write, .ioctl = tty_ioctl, .poll = tty_poll, .source = source_of,
};

static struct char_device tty_device = { .name = "tty", .ops = &tty_ops, .open = tty_open, .number = 0x500 };
static struct char_device terminal_device = { .name = "terminal", .ops = &console_ops, .number = 0x501 };
static struct char_device serial_device = { .name = "ttyS0", .ops = &tty_ops, .open = serial_open, .number = TTY_NUMBER };

void tty_init(void)
{
    tty.tio = tty_sane;
    console_typed = tty_interrupt;
    if (device_register(&tty_device) || device_register(&terminal_device) || device_register(&serial_device))
        panic("tty_init: a device name is taken twice");
}
