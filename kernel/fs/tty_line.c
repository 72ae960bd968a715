/* What becomes of a character that is typed: echo, editing, signals, the end of a line. Lock: the terminal's, held by the caller. */
#include "fs/tty_line.h"
#include "base/printk.h"
#include "lib/signals.h"

#define NO_CHAR 0 /* a control character that is turned off */

const struct termios tty_sane = {
    .iflag = ICRNL | IXON,
    .oflag = OPOST | ONLCR,
    .cflag = 0xbf, /* 8 bits, receiver on, 38400 baud */
    .lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .cc = { [VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26,
            [VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22 },
};

struct tty_line tty;

static bool is_char(u16 c, unsigned which)
{
    return c == tty.tio.cc[which] && c != NO_CHAR;
}

static bool ends_line(u16 c)
{
    return c == '\n' || c == END_OF_FILE || is_char(c, VEOL) || (tty_flag(IEXTEN) && is_char(c, VEOL2));
}

/* --- echo --- */

static bool is_control(u16 c)
{
    return c < ' ' || c == 127;
}

static void echo(u16 c)
{
    char text[2] = { '^', (char)(c ^ 0x40) };

    if (!tty_flag(ECHO) && !(c == '\n' && tty_flag(ECHONL) && tty_flag(ICANON)))
        return;
    if (is_control(c) && tty_flag(ECHOCTL) && c != '\n' && c != '\t') {
        console_write(text, 2);
    } else {
        text[0] = (char)c;
        console_write(text, 1);
    }
}

static void echo_erased(u16 c)
{
    if (tty_flag(ECHO) && tty_flag(ECHOE))
        console_write("\b \b\b \b", is_control(c) && c != '\t' && tty_flag(ECHOCTL) ? 6 : 3);
}

/* --- typing --- */

static u16 last_typed(void)
{
    return tty.line[(tty.typed - 1) & (LINE_SIZE - 1)];
}

static void erase_one(void)
{
    tty.typed--;
    echo_erased(tty.line[tty.typed & (LINE_SIZE - 1)]);
}

static void erase_word(void)
{
    while (tty.typed != tty.ready && last_typed() == ' ')
        erase_one();
    while (tty.typed != tty.ready && last_typed() != ' ')
        erase_one();
}

/* The characters that edit a line. Returns false for any other. */
static bool edit(u16 c)
{
    if (is_char(c, VERASE) || c == '\b') {
        if (tty.typed != tty.ready)
            erase_one();
    } else if (is_char(c, VKILL)) {
        while (tty.typed != tty.ready)
            erase_one();
    } else if (tty_flag(IEXTEN) && is_char(c, VWERASE)) {
        erase_word();
    } else if (tty_flag(IEXTEN) && is_char(c, VLNEXT)) {
        tty.literal = true;
        if (tty_flag(ECHO) && tty_flag(ECHOCTL))
            console_write("^\b", 2); /* until it is seen what comes */
    } else {
        return false;
    }
    return true;
}

/* The signal that a character sends, or 0. */
static int signal_of(u16 c)
{
    if (!tty_flag(ISIG))
        return 0;
    return is_char(c, VINTR) ? SIGINT : is_char(c, VQUIT) ? SIGQUIT : is_char(c, VSUSP) ? SIGTSTP : 0;
}

bool tty_line_full(void)
{
    return tty.typed - tty.taken >= LINE_SIZE - 1; /* the last place is for the line's end */
}

static void append(u16 c)
{
    if (tty_line_full() && !ends_line(c))
        return;
    tty.line[tty.typed++ & (LINE_SIZE - 1)] = c;
    if (c != END_OF_FILE)
        echo(c);
    if (!tty_flag(ICANON) || ends_line(c))
        tty.ready = tty.typed;
}

int tty_type(u16 c)
{
    bool as_it_is = tty.literal;
    int signal;

    tty.literal = false;
    if (tty.tio.iflag & ISTRIP)
        c &= 0x7f;
    if (as_it_is) {
        append(c);
        return 0;
    }
    signal = signal_of(c);
    if (signal) {
        echo(c);
        if (!tty_flag(NOFLSH))
            tty.taken = tty.ready = tty.typed;
        return signal;
    }
    if (c == '\r' && tty.tio.iflag & IGNCR)
        return 0;
    if (c == '\r' && tty.tio.iflag & ICRNL)
        c = '\n';
    else if (c == '\n' && tty.tio.iflag & INLCR)
        c = '\r';
    if (!tty_flag(ICANON))
        append(c);
    else if (is_char(c, VEOF))
        append(END_OF_FILE);
    else if (!edit(c))
        append(c);
    return 0;
}

/* --- reading --- */

size_t tty_take(char *to, size_t n, bool *end)
{
    size_t got = 0;

    *end = false;
    while (tty.taken != tty.ready && !*end) {
        u16 c = tty.line[tty.taken & (LINE_SIZE - 1)];

        *end = tty_flag(ICANON) && ends_line(c);
        if (c != END_OF_FILE) {
            if (got == n)
                break;
            to[got++] = (char)c;
        }
        tty.taken++;
    }
    return got;
}
