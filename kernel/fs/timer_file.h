/* Timers as files (timerfd_create()): reading one waits until it has rung, and tells how often since it was read last. */
#pragma once

#include "fs/file.h"
#include "sched/periodic.h"

void timer_files_init(void); /* once, at start */
/* One that is not set. real_time: the times that it is set to are those of the calendar. flags: O_NONBLOCK. NULL: no memory. */
struct file *timer_file_new(bool real_time, u32 flags);
bool is_timer_file(const struct file *file);
/* Sets it to ring; absolute: setting->left is a time. Tells what it was set to. What rang is forgotten. Thread context. */
void timer_file_set(struct file *file, bool absolute, const struct timer_setting *setting, struct timer_setting *before);
void timer_file_look(struct file *file, struct timer_setting *now);
