/* Waiting for any of several files. */
#pragma once

#include "fs/abi.h"
#include "lib/list.h"

#define POLL_ANY (~0u)

/* What files have for whom poll()'s way, to look at everything again, is too long: the epolls that watch them (from phase 5 on). */
struct poll_source {
    struct list watchers; /* [epoll_lock] fs/epoll.c */
};

#define POLL_SOURCE(source) { .watchers = LIST_INIT((source).watchers) }

static inline void poll_source_init(struct poll_source *source)
{
    list_init(&source->watchers);
}

/* A file has become readable or writable, or has ended: whoever polls looks again, and whoever watches the source hears which events are
   new, as POLL*. POLL_ANY: whatever they want to hear of; 0: they hear nothing. Any context. Costs two comparisons while nobody does. */
void poll_changed(struct poll_source *source, u32 events);
/* Tells who watches a source; set when there first is somebody. */
extern void (*poll_tell_watchers)(struct poll_source *source, u32 events);
/* Fills in revents of n files of the running process, and waits until one is not 0, until `when` (ns) at the latest. unasked: what counts
   of each file though its events do not say so, beside POLLNVAL. Returns how many are not 0, or -ERESTART_NO_HANDLER (proc/signal.h).
   Thread context. */
s64 fs_poll(struct pollfd *fds, size_t n, u32 unasked, u64 when);
