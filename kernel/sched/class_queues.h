/* What the scheduling classes keep in a run queue. Lock: the run queue's. */
#pragma once

#include "base/entity.h"
#include "lib/list.h"
#include "lib/rbtree.h"

#define RT_PRIORITIES 100 /* lists; the ABI's priorities are 1 to 99 */

/* CFS and EEVDF. Members are the threads of the class that wait here, and the one that runs. */
struct fair_rq {
    struct rb_tree tree; /* who waits. CFS: by vruntime; EEVDF: by deadline, augmented with fair_entity.least */
    u64 weight;          /* W: the members' weights */
    u32 nr;              /* members */
    u64 zero;            /* EEVDF: v0, the point of virtual time from which the sum counts */
    s64 sum;             /* EEVDF: S = sum of (vruntime - zero) * weight over the members */
    u64 min_vruntime;    /* CFS: where the queue's virtual time is; it never goes back */
};

struct rt_rq {
    struct list level[RT_PRIORITIES]; /* by priority, each in the order in which they run */
    u64 nonempty[2];                  /* bit n % 64 of word n / 64: level n has threads */
    u32 nr;                           /* threads that wait */
    u64 used;                         /* ns that the class has run in the present window */
    u64 window;                       /* number of that window */
    bool throttled;                   /* it has used up its share: nobody of it runs until the window ends */
};

struct dl_rq {
    struct rb_tree ready;     /* who waits and has budget, by deadline */
    struct rb_tree throttled; /* who waits for budget, by the time at which it comes */
    u64 bandwidth;            /* sum of what its threads were admitted with */
    u64 leaving;              /* part of it that is given back at ... */
    u64 leaving_at;           /* ... this time, ns */
    u64 returned;             /* [a] given back by threads that never came here */
};

/* SCHED_IDLE. */
struct background_rq {
    struct list ready; /* in the order in which they run */
    u32 nr;            /* threads that wait here, and the one that runs */
};

struct class_queues {
    struct fair_rq fair;
    struct rt_rq rt;
    struct dl_rq dl;
    struct background_rq background;
    u64 next_event; /* ns; ~0ul = none: when a class has something to do though nothing else happens. For the timer of this CPU */
};

/* In struct rq. */
#define RQ_CLASSES struct class_queues classes; /* [l] */
