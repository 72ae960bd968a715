/* The device registry, and the devices that need no hardware beyond the console: console, null, zero. */
#include "fs/device.h"
#include "base/panic.h"
#include "base/printk.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/sched.h"

static struct list devices = LIST_INIT(devices);

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

/* What is there, at least one character. While none is, others run - if there are any: a kernel whose yield is not written yet can still be
   typed at. */
static s64 console_read(void *buf, size_t n)
{
    char *to = buf;
    size_t got = 0;

    while (got < n) {
        u64 flags = irq_save();
        int c = console_poll();

        if (c < 0 && !got && !this_rq()->nr_ready)
            console_sleep();
        irq_restore(flags);
        if (c >= 0)
            to[got++] = (char)c;
        else if (got)
            break;
        else if (this_rq()->nr_ready)
            wait_step();
    }
    return (s64)got;
}

static s64 console_device_write(const void *buf, size_t n)
{
    console_write(buf, n);
    return (s64)n;
}

static s64 null_read(void *buf, size_t n)
{
    (void)buf, (void)n;
    return 0;
}

static s64 null_write(const void *buf, size_t n)
{
    (void)buf;
    return (s64)n;
}

static s64 zero_read(void *buf, size_t n)
{
    memset(buf, 0, n);
    return (s64)n;
}

static struct char_device console_device = { .name = "console", .read = console_read, .write = console_device_write };
static struct char_device null_device = { .name = "null", .read = null_read, .write = null_write };
static struct char_device zero_device = { .name = "zero", .read = zero_read, .write = null_write };

void devices_init(void)
{
    if (device_register(&console_device) || device_register(&null_device) || device_register(&zero_device))
        panic("devices_init: a device name is taken twice");
}
