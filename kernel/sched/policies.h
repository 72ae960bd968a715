/* What the policies of phase 2 keep in a run queue, and their numbers as the boot options set them. */
#pragma once

#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/sched_config.h"

/* Priority scheduling: a list for each base level, the longest waiting first; since all waiting threads rise at the same pace, the best of a
   level is its first. */
struct prio_rq {
    struct list level[PRIO_LEVELS];
    u64 nonempty; /* bit n: level n has threads */
};

/* Multi-level feedback queue. */
struct mlfq_rq {
    struct list level[MLFQ_LEVELS];
    u64 boost;      /* number of the last boost */
    u64 next_boost; /* ns */
};

/* Shortest job first: by predicted burst. */
struct sjf_rq {
    struct list ready; /* in the order of arrival; or a tree, as sjf.c likes */
    struct rb_tree tree;
};

/* `quantum=` in ms, or 0 for the table of sched_config.h. At start. */
void quantum_set(u64 ms);
