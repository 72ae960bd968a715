/* Text for people, on COM1 and on the screen if there is one. Nothing printed is evidence for the grader. */
#pragma once

#include "lib/types.h"

void console_init(void);
/* Any context; whole calls do not mix. */
void printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void console_write(const char *text, size_t n);
#if PHASE >= 3
/* For the log alone. */
void printk_quiet(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define PRINTK_LOG_SIZE KIB(16) /* bytes that are kept */
/* What the kernel has said, as far back as it is kept, from the beginning of a line on: copied to `to` if `size` bytes are room for it.
   Returns how many bytes it has. */
size_t printk_log(char *to, size_t size);
#endif
/* A character typed or played in, or -1 if none waits. */
int console_poll(void);
/* From now on input comes from this text (a test's script, a boot module) before it comes from the devices. */
void console_play(const char *text, size_t n);
/* After a panic: no lock is taken any more. */
void console_panic_mode(void);
