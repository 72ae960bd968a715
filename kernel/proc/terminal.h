/* Whose the terminal is. A session may have it, and of its groups one is in the foreground: that one hears what keys send, and it alone may
   read. A process has its session's terminal, or none: who was forked before the leader got it has none. Lock: processes_lock. */
#pragma once

#include "proc/process.h"

struct file;

/* The foreground group; 0: none, as when the terminal is no session's. processes_lock held. */
pid_t terminal_foreground_locked(void);
/* p, whose files are closed, ends. With a session's leader the session loses its terminal: it hangs up, and the foreground hears SIGHUP. */
void terminal_left(const struct process *p);
/* vhangup(): the terminal of the running process, if it has one, hangs up. */
void terminal_hang_up(void);

/* For struct fs_hooks (fs/context.h). */
void terminal_signal(int signal);
int terminal_background(int signal);
bool terminal_is_mine(void);
void terminal_opened(const struct file *file);
s64 terminal_control(const struct file *file, u32 command, uptr arg);
