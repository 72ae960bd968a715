/* Waiting for several descriptors. */
#pragma once

typedef unsigned long nfds_t;
struct pollfd {
    int fd;
    short events, revents;
};
enum { POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32 };

int poll(struct pollfd *fds, nfds_t count, int timeout_ms);
