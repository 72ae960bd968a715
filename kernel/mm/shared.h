/* Memory that several address spaces share: what MAP_SHARED | MAP_ANONYMOUS makes and fork() hands on. */
#pragma once

#include "mm/aspace.h"

extern const struct vm_object_ops shared_memory_ops;

/* An object of so many pages, with one reference; each page comes when it is touched. NULL: no memory. */
void *shared_memory_new(u64 pages);
