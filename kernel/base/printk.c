/* The console: text to COM1 and the screen, characters from COM1, the keyboard or a test's script. Guarded by one lock, so that whole
   calls do not mix; a panic does without. */
#include "base/printk.h"
#include "base/lock.h"
#include "base/panic_others.h"
#include "lib/format.h"
#include "lib/string.h"

static struct spinlock console_lock = SPINLOCK("console", RANK_CONSOLE);
static bool panicking; /* [a] */
static const char *script; /* [console_lock] what is left to play */
static size_t script_left; /* [console_lock] bytes */

#if PHASE >= 3
static char log_text[PRINTK_LOG_SIZE]; /* [console_lock] a ring */
static u64 log_end;             /* [console_lock] bytes that were ever put there */

static void log_add(const char *text, size_t n)
{
    for (; n; n--)
        log_text[log_end++ % PRINTK_LOG_SIZE] = *text++;
}
#endif

void console_init(void)
{
    serial_init();
    vga_init();
    keyboard_init();
}

void console_panic_mode(void)
{
    __atomic_store_n(&panicking, true, __ATOMIC_RELAXED);
}

static bool in_panic(void)
{
    return unlikely(__atomic_load_n(&panicking, __ATOMIC_RELAXED));
}

static u64 console_enter(void)
{
    u64 flags = irq_save();

    if (in_panic())
        panic_claim(); /* the console is that CPU's alone: another one waits here for its end */
    else
        spin_lock(&console_lock);
    return flags;
}

static void console_leave(u64 flags)
{
    if (!in_panic())
        spin_unlock(&console_lock);
    irq_restore(flags);
}

static void put(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        serial_putc(text[i]);
        vga_putc(text[i]);
    }
}

void console_write(const char *text, size_t n)
{
    u64 flags = console_enter();

    put(text, n);
    console_leave(flags);
}

void printk(const char *fmt, ...)
{
    char text[512];
    va_list ap;
    u64 flags;
    size_t n;

    va_start(ap, fmt);
    n = min((size_t)format_v(text, sizeof(text), fmt, ap), sizeof(text) - 1);
    va_end(ap);
    flags = console_enter();
#if PHASE >= 3
    log_add(text, n);
#endif
    put(text, n);
    console_leave(flags);
}

#if PHASE >= 3
void printk_quiet(const char *fmt, ...)
{
    char text[256];
    va_list ap;
    u64 flags;
    size_t n;

    va_start(ap, fmt);
    n = min((size_t)format_v(text, sizeof(text), fmt, ap), sizeof(text) - 1);
    va_end(ap);
    flags = console_enter();
    log_add(text, n);
    console_leave(flags);
}

size_t printk_log(char *to, size_t size)
{
    u64 flags = console_enter();
    /* With the byte before it still there, which tells where lines begin. */
    u64 from = log_end > PRINTK_LOG_SIZE ? log_end - PRINTK_LOG_SIZE + 1 : 0;
    size_t n, first;

    while (from && from < log_end && log_text[(from - 1) % PRINTK_LOG_SIZE] != '\n')
        from++;
    n = log_end - from;
    first = min(n, PRINTK_LOG_SIZE - from % PRINTK_LOG_SIZE);
    if (n <= size) {
        memcpy(to, log_text + from % PRINTK_LOG_SIZE, first);
        memcpy(to + first, log_text, n - first);
    }
    console_leave(flags);
    return n;
}
#endif

void console_play(const char *text, size_t n)
{
    u64 flags = console_enter();

    script = text;
    script_left = n;
    console_leave(flags);
}

int console_poll(void)
{
    u64 flags = console_enter();
    int c;

    if (script_left) {
        c = (u8)*script++;
        script_left--;
    } else {
        c = serial_getc();
        if (c < 0)
            c = keyboard_getc();
    }
    console_leave(flags);
    return c;
}
