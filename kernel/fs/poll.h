/* Waiting for any of several files. */
#pragma once

#include "fs/abi.h"

/* A file has become readable or writable, or has ended. Any context. Costs a comparison while nobody polls. */
void poll_changed(void);
/* Fills in revents of n files of the running process, and waits until one is not 0, until `when` (ns) at the latest. unasked: what counts
   of each file though its events do not say so, beside POLLNVAL. Returns how many are not 0, or -ERESTART_NO_HANDLER (proc/signal.h).
   Thread context. */
s64 fs_poll(struct pollfd *fds, size_t n, u32 unasked, u64 when);
