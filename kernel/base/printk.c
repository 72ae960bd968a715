/* The console: text to COM1 and the screen, characters from COM1, the keyboard or a test's script. Guarded by one lock, so that whole
   calls do not mix; a panic does without. */
#include "base/printk.h"
#include "base/lock.h"
#include "lib/format.h"
#include "lib/string.h"

static struct spinlock console_lock = SPINLOCK("console", RANK_CONSOLE);
static bool panicking;
static const char *script; /* [console_lock] what is left to play */
static size_t script_left; /* [console_lock] bytes */

void console_init(void)
{
    serial_init();
    vga_init();
    keyboard_init();
}

void console_panic_mode(void)
{
    panicking = true;
}

static u64 console_enter(void)
{
    u64 flags = irq_save();

    if (!panicking)
        spin_lock(&console_lock);
    return flags;
}

static void console_leave(u64 flags)
{
    if (!panicking)
        spin_unlock(&console_lock);
    irq_restore(flags);
}

void console_write(const char *text, size_t n)
{
    u64 flags = console_enter();

    for (size_t i = 0; i < n; i++) {
        serial_putc(text[i]);
        vga_putc(text[i]);
    }
    console_leave(flags);
}

void printk(const char *fmt, ...)
{
    char text[512];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = format_v(text, sizeof(text), fmt, ap);
    va_end(ap);
    console_write(text, min((size_t)n, sizeof(text) - 1));
}

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
