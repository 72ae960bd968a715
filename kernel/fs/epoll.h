/* Epolls: files that say which of many others are ready. Each file that one watches is an item of its; a file that changes puts its items
   into their epolls' lists, so waiting costs what has happened, not what is watched. */
#pragma once

#include "fs/file.h"

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLIN 0x1
#define EPOLLOUT 0x4
#define EPOLLERR 0x8
#define EPOLLHUP 0x10
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

#define EPOLL_MOST ((int)(0x7fffffff / sizeof(struct epoll_event))) /* events that one call may ask for */

/* As programs have it. */
struct epoll_event {
    u32 events;
    u64 data;
} __attribute__((packed));

/* NULL: no memory. */
struct file *epoll_file_new(void);
bool is_epoll_file(const struct file *file);
/* Adds, changes or ends (event: not looked at) the watch of `file` under the number fd. Both files are the caller's, with a reference.
   Returns 0, -EPERM (the file is always ready), -EINVAL, -EEXIST, -ENOENT, -ELOOP (epolls would watch each other, or more than five in a
   row), -ENOMEM. Thread context. */
int epoll_control(struct file *epoll, int operation, struct file *file, int fd, const struct epoll_event *event);
/* Up to `most` events to user memory. Waits for the first one until `when` (ns; ~0: for ever) at the latest. Returns how many, -EINTR or
   -EFAULT. Thread context. */
s64 epoll_wait_until(struct file *epoll, uptr to, size_t most, u64 when);
