/* Character devices, registered by name at start. The list only grows, and only before the first other thread runs: no lock. */
#pragma once

#include "lib/list.h"

struct char_device {
    const char *name;
    /* Up to n bytes into buf. Blocks until there is one. Returns how many, 0 at the end, or an error. Thread context. */
    s64 (*read)(void *buf, size_t n);
    /* n bytes from buf. Returns how many were taken, or an error. Thread context. */
    s64 (*write)(const void *buf, size_t n);
    struct list link; /* [start] */
};

/* Makes a device known. Returns 0, or -EEXIST if the name is taken. */
int device_register(struct char_device *device);
/* The device of that name, or NULL. */
struct char_device *device_find(const char *name);
/* For the interrupts of keyboard and COM1: who waits for a character looks again. */
void console_interrupt(void);
/* Registers console, null and zero. */
void devices_init(void);
