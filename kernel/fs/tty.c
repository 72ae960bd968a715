/* The terminal's line discipline. Characters are taken from the console when a reader waits for them, or by the console's interrupt, so
   that Ctrl-C is heard while nobody reads. In canonical mode a line can be edited until it is ended; then it can be read. The console does
   what ONLCR would do: here a newline is written as it stands. Lock: tty_lock. */
#include "fs/tty.h"
#include "base/lock.h"
#include "base/panic.h"
#include "base/printk.h"
#include "fs/abi.h"
#include "fs/context.h"
#include "fs/device.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "sched/interrupt.h"

#define LINE_SIZE 4096u /* characters typed and not read, a power of two */
#define END_OF_FILE 0x100 /* stands in the line for a Ctrl-D */
#define CHUNK 256
#define NO_CHAR 0 /* a control character that is turned off */
#define TENTH_NS (NS_PER_SEC / 10)

const struct termios tty_sane = {
    .iflag = ICRNL | IXON,
    .oflag = OPOST | ONLCR,
    .cflag = 0xbf, /* 8 bits, receiver on, 38400 baud */
    .lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .cc = { [VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26,
            [VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22 },
};

static struct spinlock tty_lock = SPINLOCK("terminal", RANK_TTY);
static struct wait_queue readers = WAIT_QUEUE(readers, "the terminal"); /* [l], as all below */
static struct termios tio;
static struct winsize window = { .rows = 25, .columns = 80 };
static pid_t foreground;       /* the process group that Ctrl-C is for; 0: none */
static u16 line[LINE_SIZE];    /* a ring: */
static u32 taken, ready, typed; /* read so far, can be read up to, typed up to; counted since the start */
static bool literal;           /* the next character is taken as it stands (Ctrl-V) */
static bool used;              /* by a program: from then on, the interrupt takes characters */

static bool flag(u32 bit)
{
    return tio.lflag & bit;
}

static bool is_char(u16 c, unsigned which)
{
    return c == tio.cc[which] && c != NO_CHAR;
}

static bool ends_line(u16 c)
{
    return c == '\n' || c == END_OF_FILE || is_char(c, VEOL) || (flag(IEXTEN) && is_char(c, VEOL2));
}

/* --- echo --- */

static bool is_control(u16 c)
{
    return c < ' ' || c == 127;
}

static void echo(u16 c)
{
    char text[2] = { '^', (char)(c ^ 0x40) };

    if (!flag(ECHO) && !(c == '\n' && flag(ECHONL) && flag(ICANON)))
        return;
    if (is_control(c) && flag(ECHOCTL) && c != '\n' && c != '\t') {
        console_write(text, 2);
    } else {
        text[0] = (char)c;
        console_write(text, 1);
    }
}

static void echo_erased(u16 c)
{
    if (flag(ECHO) && flag(ECHOE))
        console_write("\b \b\b \b", is_control(c) && c != '\t' && flag(ECHOCTL) ? 6 : 3);
}

/* --- typing --- */

static u16 last_typed(void)
{
    return line[(typed - 1) & (LINE_SIZE - 1)];
}

static void erase_one(void)
{
    typed--;
    echo_erased(line[typed & (LINE_SIZE - 1)]);
}

static void erase_word(void)
{
    while (typed != ready && last_typed() == ' ')
        erase_one();
    while (typed != ready && last_typed() != ' ')
        erase_one();
}

/* The characters that edit a line. Returns false for any other. */
static bool edit(u16 c)
{
    if (is_char(c, VERASE) || c == '\b') {
        if (typed != ready)
            erase_one();
    } else if (is_char(c, VKILL)) {
        while (typed != ready)
            erase_one();
    } else if (flag(IEXTEN) && is_char(c, VWERASE)) {
        erase_word();
    } else if (flag(IEXTEN) && is_char(c, VLNEXT)) {
        literal = true;
    } else {
        return false;
    }
    return true;
}

/* The signal that a character sends, or 0. */
static int signal_of(u16 c)
{
    if (!flag(ISIG))
        return 0;
    return is_char(c, VINTR) ? SIGINT : is_char(c, VQUIT) ? SIGQUIT : is_char(c, VSUSP) ? SIGTSTP : 0;
}

static bool line_full(void)
{
    return typed - taken >= LINE_SIZE - 1; /* the last place is for the line's end */
}

static void append(u16 c)
{
    if (line_full() && !ends_line(c))
        return;
    line[typed++ & (LINE_SIZE - 1)] = c;
    if (c != END_OF_FILE)
        echo(c);
    if (!flag(ICANON) || ends_line(c))
        ready = typed;
}

/* One character is typed. Returns the signal that it sends, or 0. */
static int type(u16 c)
{
    bool as_it_is = literal;
    int signal;

    literal = false;
    if (tio.iflag & ISTRIP)
        c &= 0x7f;
    if (as_it_is) {
        append(c);
        return 0;
    }
    signal = signal_of(c);
    if (signal) {
        echo(c);
        if (!flag(NOFLSH))
            taken = ready = typed;
        return signal;
    }
    if (c == '\r' && tio.iflag & IGNCR)
        return 0;
    if (c == '\r' && tio.iflag & ICRNL)
        c = '\n';
    else if (c == '\n' && tio.iflag & INLCR)
        c = '\r';
    if (!flag(ICANON))
        append(c);
    else if (is_char(c, VEOF))
        append(END_OF_FILE);
    else if (!edit(c))
        append(c);
    return 0;
}

/* Takes what the console has: all of it, or until there is something to read. Returns a signal that was typed (then there may be more), or
   0. Stops when the line is full: what comes then waits in the device, and is not lost. */
static int fill(bool all)
{
    int c, signal = 0;

    while (!signal && (ready == taken || (all && !line_full())) && (c = console_poll()) >= 0)
        signal = type((u16)c);
    if (ready != taken || signal) {
        wake_all(&readers);
        poll_changed();
    }
    return signal;
}

/* Tells the foreground; tty_lock is not held, since that leads up into proc. */
static void send(int signal)
{
    pid_t group = __atomic_load_n(&foreground, __ATOMIC_RELAXED);

    if (signal && group)
        fs_hooks->signal_group(group, signal);
}

static void tty_interrupt(void)
{
    int signal;

    do {
        u64 flags = spin_lock_irq(&tty_lock);

        signal = used ? fill(true) : 0;
        spin_unlock_irq(&tty_lock, flags);
        send(signal);
    } while (signal);
}

/* --- reading and writing --- */

static bool in_background(void)
{
    pid_t group = fs_hooks->group();

    return foreground && group && group != foreground;
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
        } else if (ready != taken) {
            return 0;
        } else if (!wait) {
            return -EAGAIN;
        } else {
            error = until == ~0ul ? wait_interruptible(&readers, &tty_lock) : wait_interruptible_until(&readers, &tty_lock, until);
        }
    }
    return error;
}

/* Takes up to n characters that can be read; in canonical mode no more than a line. Returns how many; *end: no more in this read. */
static size_t take(char *to, size_t n, bool *end)
{
    size_t got = 0;

    *end = false;
    while (taken != ready && !*end) {
        u16 c = line[taken & (LINE_SIZE - 1)];

        *end = flag(ICANON) && ends_line(c);
        if (c != END_OF_FILE) {
            if (got == n)
                break;
            to[got++] = (char)c;
        }
        taken++;
    }
    return got;
}

/* How long a raw read may wait for its next character (ns), and how many characters it waits for at all. */
static u64 patience(size_t got)
{
    u8 tenths = tio.cc[VTIME];

    if (flag(ICANON) || !tenths || (tio.cc[VMIN] && !got))
        return ~0ul;
    return clock_ns() + tenths * TENTH_NS;
}

static bool enough(size_t got, bool end)
{
    return flag(ICANON) ? got || end : got >= max(tio.cc[VMIN], (u8)1) || (!tio.cc[VMIN] && !tio.cc[VTIME]);
}

/* tty_lock held; flags: from before. Returns characters in `to`, or an error. */
static s64 read_locked(char *to, size_t n, bool wait, u64 flags)
{
    bool end = false;
    size_t got = 0;

    while (got < n && !end) {
        bool once = !flag(ICANON) && !tio.cc[VMIN] && !tio.cc[VTIME];
        int error = wait_for_input(flags, patience(got), wait && !once);

        if (error)
            return got || error == -ETIMEDOUT || (once && error == -EAGAIN) ? (s64)got : error;
        got += take(to + got, n - got, &end);
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

    used = true;
    if (!n)
        return 0;
    if (in_background()) {
        int error = fs_hooks->background(SIGTTIN);

        if (error)
            return error;
    }
    flags = spin_lock_irq(&tty_lock);
    result = read_locked(text, n, !(file->flags & O_NONBLOCK), flags);
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
    used = true;
    if (flag(TOSTOP) && in_background()) {
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
    u32 events = POLLOUT | POLLWRNORM | (ready != taken ? POLLIN | POLLRDNORM : 0);

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
        taken = ready = typed;
    tio = *to;
    if (!flag(ICANON))
        ready = typed; /* what stands in the line can be read as it is */
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
        taken = ready = typed;
    spin_unlock_irq(&tty_lock, flags);
    return 0;
}

static s64 set_window(const struct winsize *to)
{
    bool same = to->rows == window.rows && to->columns == window.columns;

    window = *to;
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
    int bytes = (int)(ready - taken);

    (void)file;
    switch (command) {
    case TCGETS:
        return answer(arg, &tio, sizeof(tio));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TIOCSPGRP:
    case TIOCSWINSZ:
        return change(command, &io);
    case TIOCGPGRP:
        return answer(arg, &foreground, sizeof(foreground));
    case TIOCGWINSZ:
        return answer(arg, &window, sizeof(window));
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
    tio = tty_sane;
    console_typed = tty_interrupt;
    if (device_register(&tty_device) || device_register(&terminal_device))
        panic("tty_init: a device name is taken twice");
}
