/* Kernel stacks in an area of virtual memory of their own, each above a page that is never mapped: running over the end faults at once
   instead of writing into somebody else's memory. Guarded by a lock of its own. A few stacks of the default size are kept mapped for the
   next thread. */
#pragma once

#include "base/thread.h"

#define KSTACK_DEFAULT 16384u
#define KSTACK_MAX (1024u * 1024u)

void kstack_init(void); /* after slab_init() */
/* A stack of `size` bytes (multiple of 4096, 4096 to 1 MiB, else -EINVAL) or -ENOMEM, with *stack untouched. Its contents are zero in
   checked builds (so that depth can be measured), else undefined. */
int kstack_alloc(struct kstack *stack, size_t size);
/* Must not be the stack that the caller runs on; checked builds panic. Sets stack->base to 0. */
void kstack_free(struct kstack *stack);
/* Unmaps and frees every stack that is kept for later, for exact accounting. */
void kstack_drain(void);
