/* The device registry, and the devices that need no hardware beyond the console: console, null, zero. */
#include "fs/device.h"
#include "base/panic.h"
#include "base/printk.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/sched.h"

#define CHUNK 256 /* bytes between the console and its reader or writer at a time */

static struct list devices = LIST_INIT(devices);
static struct char_device console_device;
void (*console_typed)(void);

int device_register(struct char_device *device)
{
    if (device_find(device->name))
        return -EEXIST;
    list_push_tail(&devices, &device->link);
    return 0;
}

struct char_device *device_find(const char *name)
{
    list_for_each(it, &devices) {
        struct char_device *device = list_entry(it, struct char_device, link);

        if (!strcmp(device->name, name))
            return device;
    }
    return NULL;
}

struct char_device *device_numbered(u32 number)
{
    list_for_each(it, &devices) {
        struct char_device *device = list_entry(it, struct char_device, link);

        if (device->number == number)
            return device;
    }
    return NULL;
}

/* What is there, at least one character. */
static s64 console_read(struct file *file, struct io *io)
{
    char text[CHUNK];
    size_t got = 0;

    (void)file;
    while (!got && io->left) {
        int c, error;

        wait_prepare(&console_device);
        while (got < min(io->left, sizeof(text)) && (c = console_poll()) >= 0)
            text[got++] = (char)c;
        if (got)
            break;
        error = wait_step(&console_device);
        if (error)
            return error;
    }
    if (!got)
        return 0;
    wait_cancel();
    return io_put(io, text, got) ? -EFAULT : (s64)got;
}

void console_interrupt(void)
{
    if (console_typed)
        console_typed();
    wait_over(&console_device);
}

static s64 console_device_write(struct file *file, struct io *io)
{
    size_t n = io->left;
    char text[CHUNK];

    (void)file;
    while (io->left) {
        size_t part = min(io->left, sizeof(text));

        if (io_get(io, text, part))
            return n == io->left ? -EFAULT : (s64)(n - io->left);
        console_write(text, part);
    }
    return (s64)n;
}

s64 null_read(struct file *file, struct io *io)
{
    (void)file, (void)io;
    return 0;
}

s64 null_write(struct file *file, struct io *io)
{
    (void)file;
    return (s64)io->left;
}

s64 null_lseek(struct file *file, s64 offset, int whence)
{
    (void)offset, (void)whence;
    return (s64)(file->offset = 0);
}

static s64 zero_read(struct file *file, struct io *io)
{
    size_t n = io->left;

    (void)file;
    return io_zero(io, n) ? -EFAULT : (s64)n;
}

static const struct file_ops console_ops = { .read = console_read, .write = console_device_write };
static const struct file_ops null_ops = { .read = null_read, .write = null_write, .lseek = null_lseek };
static const struct file_ops zero_ops = { .read = zero_read, .write = null_write, .lseek = null_lseek };
static struct char_device console_device = { .name = "console", .ops = &console_ops };
static struct char_device null_device = { .name = "null", .ops = &null_ops, .number = 0x103 };
static struct char_device zero_device = { .name = "zero", .ops = &zero_ops, .number = 0x105 };

void devices_init(void)
{
    if (device_register(&console_device) || device_register(&null_device) || device_register(&zero_device))
        panic("devices_init: a device name is taken twice");
}
