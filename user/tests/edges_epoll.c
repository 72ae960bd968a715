/* System calls at their edges: epolls. What they do beyond: epoll.c. */

#include "edges.h"

#include <time.h>

enum { ADD = 1, DEL, MOD, IN = 1, OUT = 4, RDNORM = 0x40 };
#define SHARED (1u << 28)
#define WAKEUP (1u << 29)
#define ONCE (1u << 30)
#define EDGE (1u << 31)

static char in[12] = { IN }, out[12] = { OUT }, edge[12] = { IN, 0, 0, (char)(EDGE >> 24) }, shared[12] = { IN, 0, 0, SHARED >> 24 },
    shared_once[12] = { IN, 0, 0, (SHARED | ONCE) >> 24 }, shared_other[12] = { IN | RDNORM, 0, 0, SHARED >> 24 },
    wakeup[12] = { IN, 0, 0, WAKEUP >> 24 }, odd[12] = { 0, 0, 0x40 };
static char got[120];
static long zero[2], bad_pause[2] = { 0, 1000000000 }, negative[2] = { -1, 0 }, mask;

static void making(void)
{
    E(epoll_create, 0);
    E(epoll_create, -1);
    OK(epoll_create, 1);
    E(epoll_create1, 1);
    E(epoll_create1, O_NONBLOCK);
    OK(epoll_create1, O_CLOEXEC);
    V(CALL(fcntl, 4, F_GETFD));
    V(CALL(fcntl, 5, F_GETFD));
    V(CALL(fcntl, 4, F_GETFL) & O_ACCMODE);
    E(read, 4, got, 1);
    E(write, 4, got, 1);
    E(ioctl, 4, 0x541b, got);
    E(ftruncate, 4, 0);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 5, 5 });
    E(epoll_create1, 0);
}

static void controlling(void)
{
    int epoll = (int)CALL(epoll_create1, 0), fd = (int)CALL(eventfd2, 1, O_NONBLOCK), other = (int)CALL(epoll_create1, 0);
    file_at(10, "file", O_RDWR, 1);
    E(epoll_ctl, epoll, ADD, fd, NOWHERE);
    E(epoll_ctl, epoll, ADD, fd, in);
    E(epoll_ctl, epoll, 4, fd, NOWHERE);
    E(epoll_ctl, epoll, 4, fd, in);
    E(epoll_ctl, epoll, 0, fd, in);
    E(epoll_ctl, 99, ADD, fd, in);
    E(epoll_ctl, 99, DEL, fd, NOWHERE);
    E(epoll_ctl, epoll, ADD, 99, in);
    E(epoll_ctl, epoll, ADD, -1, in);
    E(epoll_ctl, 99, ADD, fd, NOWHERE);
    E(epoll_ctl, fd, ADD, epoll, in);
    E(epoll_ctl, fd, ADD, 99, in);
    E(epoll_ctl, epoll, ADD, epoll, in);
    E(epoll_ctl, fd, ADD, fd, in);
    E(epoll_ctl, epoll, ADD, 10, in);
    E(epoll_ctl, epoll, DEL, 10, in);
    E(epoll_ctl, epoll, ADD, 0, in);
    E(epoll_ctl, fd, ADD, 10, in);
    E(epoll_ctl, epoll, ADD, open(".", O_RDONLY), in);
    E(epoll_ctl, epoll, MOD, fd, in);
    E(epoll_ctl, epoll, DEL, fd, NULL);
    E(epoll_ctl, epoll, MOD, fd, shared);
    E(epoll_ctl, epoll, ADD, fd, shared_once);
    E(epoll_ctl, epoll, ADD, fd, shared_other);
    E(epoll_ctl, epoll, ADD, other, shared);
    E(epoll_ctl, epoll, ADD, fd, shared);
    E(epoll_ctl, epoll, MOD, fd, in);
    E(epoll_ctl, epoll, MOD, fd, shared);
    E(epoll_ctl, epoll, ADD, fd, in);
    E(epoll_ctl, epoll, DEL, fd, NOWHERE);
    E(epoll_ctl, epoll, ADD, fd, wakeup);
    E(epoll_ctl, epoll, ADD, fd, odd);
    E(epoll_ctl, epoll, MOD, fd, odd);
    E(epoll_wait, epoll, got, 1, 0);
    E(epoll_ctl, epoll, MOD, fd, out);
    E(epoll_wait, epoll, got, 1, 0);
    V(got[0]);
    E(epoll_ctl, epoll, ADD, other, edge);
    E(epoll_ctl, other, ADD, epoll, in);
    E(epoll_ctl, other, MOD, epoll, in);
    E(epoll_ctl, epoll, ADD, other, edge);
}

static void waiting(void)
{
    int epoll = (int)CALL(epoll_create1, 0), fd = (int)CALL(eventfd2, 1, O_NONBLOCK);
    E(epoll_wait, epoll, got, 0, 0);
    E(epoll_wait, epoll, got, -1, 0);
    E(epoll_wait, epoll, got, INT_MAX / 12 + 1, 0);
    E(epoll_wait, epoll, got, INT_MAX / 12, 0);
    E(epoll_wait, epoll, NULL, 1, 0);
    E(epoll_wait, epoll, NOWHERE, 1, 0);
    E(epoll_wait, epoll, KERNEL, 1, 0);
    E(epoll_wait, epoll, LAST, 1, 0);
    E(epoll_wait, epoll, KERNEL, 0, 0);
    E(epoll_wait, 99, got, 0, 0);
    E(epoll_wait, 99, KERNEL, 1, 0);
    E(epoll_wait, fd, got, 1, 0);
    E(epoll_wait, fd, KERNEL, 1, 0);
    E(epoll_wait, 0, got, 0, 0);
    E(epoll_wait, epoll, got, 1, 0);
    CALL(epoll_ctl, epoll, ADD, fd, in);
    E(epoll_wait, epoll, NOWHERE, 1, 0);
    E(epoll_wait, epoll, BEFORE_END(11), 1, 0);
    E(epoll_wait, epoll, BEFORE_END(12), 2, 0);
    CALL(epoll_ctl, epoll, ADD, dup(fd), in);
    E(epoll_wait, epoll, BEFORE_END(23), 2, 0);
    E(epoll_wait, epoll, got, 10, -1);
}

static void masked(void)
{
    int epoll = (int)CALL(epoll_create1, 0);
    E(epoll_pwait, epoll, got, 1, 0, NULL, 0);
    E(epoll_pwait, epoll, got, 1, 0, NULL, 7);
    E(epoll_pwait, epoll, got, 1, 0, &mask, 7);
    E(epoll_pwait, epoll, got, 1, 0, &mask, 8);
    E(epoll_pwait, epoll, got, 1, 0, NOWHERE, 8);
    E(epoll_pwait, epoll, got, 0, 0, NOWHERE, 8);
    E(epoll_pwait, 99, got, 1, 0, &mask, 7);
    E(epoll_pwait, 99, got, 1, 0, &mask, 8);
    E(epoll_pwait2, epoll, got, 1, zero, NULL, 0);
    E(epoll_pwait2, epoll, got, 1, bad_pause, NULL, 0);
    E(epoll_pwait2, epoll, got, 1, negative, &mask, 7);
    E(epoll_pwait2, epoll, got, 1, NOWHERE, NOWHERE, 8);
    E(epoll_pwait2, epoll, got, 1, zero, NOWHERE, 8);
    E(epoll_pwait2, epoll, got, 1, zero, &mask, 9);
    E(epoll_pwait2, 99, got, 1, bad_pause, NULL, 0);
    E(epoll_pwait2, 99, got, 1, zero, &mask, 8);
}

int main(void)
{
    begin_edges();
    group("making", making);
    group("controlling", controlling);
    group("waiting", waiting);
    group("masked", masked);
    return 0;
}
