/* Character devices, registered by name at start. The list only grows, and only before the first other thread runs: no lock. */
#pragma once

#include "fs/file.h"
#include "lib/list.h"

struct char_device {
    const char *name;
    const struct file_ops *ops; /* of its open files, whose data is the device */
    int (*open)(struct file *file); /* NULL: nothing to do; an error: not opened. From phase 3 on */
    u32 number;                 /* major << 8 | minor, as Linux numbers it */
    struct list link;           /* [start] */
};

/* Makes a device known. Returns 0, or -EEXIST if the name is taken. */
int device_register(struct char_device *device);
/* The device of that name, or NULL. */
struct char_device *device_find(const char *name);
/* The device with that number, or NULL. */
struct char_device *device_numbered(u32 number);
/* For the interrupts of keyboard and COM1: who waits for a character looks again. */
void console_interrupt(void);
/* Who takes the console's characters as they come; NULL: they stay until somebody reads. Set once at start. */
extern void (*console_typed)(void);
/* Registers console, null and zero. */
void devices_init(void);
/* What reading null, and writing to null and zero, does: ends at once, takes everything. */
s64 null_read(struct file *file, struct io *io);
s64 null_write(struct file *file, struct io *io);
/* Of these and their like: any place is the beginning. */
s64 null_lseek(struct file *file, s64 offset, int whence);
