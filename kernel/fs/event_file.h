/* Counters as files (eventfd2()): writing adds, reading takes and waits while there is nothing. */
#pragma once

#include "fs/file.h"

void event_files_init(void); /* once, at start */
/* one: what reads takes 1, not all. flags: O_NONBLOCK. NULL: no memory. */
struct file *event_file_new(u64 count, bool one, u32 flags);
