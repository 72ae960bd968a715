/* What mm/kstack.c, which hands out kernel stacks, shares with mm/kstack_reuse.c. For these two alone. */
#pragma once

#include "base/lock.h"
#include "lib/types.h"

#define SLOT_SIZES 9u
#define SLOTS 32768u /* of each size */

extern struct spinlock kstack_lock;
