/* How a thread wants to be scheduled, and what the scheduling classes keep in it. Guard: the run queue's lock of the CPU that it is on. */
#pragma once

#include "lib/list.h"
#include "lib/rbtree.h"

/* As programs name them; the numbers are Linux's. */
enum sched_policy { SCHED_OTHER = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5, SCHED_DEADLINE = 6 };

struct sched_params {
    u8 policy;          /* enum sched_policy; SCHED_BATCH is treated as SCHED_OTHER */
    u8 rt_priority;     /* SCHED_FIFO, SCHED_RR: 1 to 99, bigger is better; else 0 */
    s8 nice;            /* -20 to 19: SCHED_OTHER */
    bool reset_on_fork; /* children begin with the defaults */
    u64 runtime;        /* ns. SCHED_DEADLINE: budget of a period; SCHED_OTHER: the slice that it asks for, 0 = SCHED_SLICE_NS */
    u64 deadline;       /* ns after the begin of a period: SCHED_DEADLINE */
    u64 period;         /* ns, 0 = the deadline: SCHED_DEADLINE */
};

/* CFS and EEVDF. Virtual time: ns of a thread of nice 0. */
struct fair_entity {
    struct rb_node node;     /* its place in the queue: CFS by vruntime, EEVDF by deadline; in no tree while it runs */
    u64 least;               /* EEVDF: the least vruntime of it and all below it in the tree */
    u64 vruntime;            /* virtual time that it has had; in a tree it does not change */
    u64 rest;                /* what the last division left over, in 1/weight ns: below the weight */
    u64 deadline;            /* EEVDF: virtual time at which its present request is due */
    s64 vlag;                /* EEVDF: virtual time that it was owed when it left the queue */
    s64 ahead;               /* EEVDF: deadline - vruntime at that time */
    u64 slice;               /* EEVDF: length of a request, ns */
    u64 picked_at;           /* CFS: se.charged when its turn began */
    u32 weight;              /* by its nice value */
    int cpu;                 /* CFS: whose min_vruntime its vruntime goes by */
    bool member;             /* counts in the queue's sums: it waits or runs there */
    bool protected;          /* EEVDF: keeps the CPU until its request is served or it is not eligible any more */
    bool newcomer;           /* comes from another class: has no lag and no vruntime to go by */
};

struct rt_entity {
    u64 slice_start;         /* SCHED_RR: se.charged when its slice began */
    u8 priority;             /* at which it is queued, or was last */
    bool turn_over;          /* it goes behind its equals: its slice ran out since it was picked, or they waited when it rose to them */
    bool lowered;            /* its priority fell while it was queued: it goes before its equals */
};

struct dl_entity {
    struct rb_node node;     /* its place among those who may run, or who wait for budget */
    u64 deadline;            /* ns, absolute */
    u64 replenish_at;        /* ns; while it is throttled */
    s64 budget;              /* ns left of its runtime; below 0: overdrawn */
    u64 missed;              /* the last deadline that it missed, or 0 */
    u64 bandwidth;           /* what it was admitted with (sched/deadline.h); 0 = nothing */
    u64 offer;               /* [pi_lock] the earliest deadline of those who wait for its mutexes; 0 = nobody has one */
    u64 own;                 /* its own deadline, while it goes by a lent one */
    u64 allowed;             /* its mask, were it not bound to ... */
    int cpu;                 /* ... this CPU */
    bool lent;               /* it goes by a deadline that is lent, and not by its budget */
    bool throttled;          /* has no budget left */
    bool waits_for_budget;   /* ... and is ready: it stands among those who wait for it */
};

struct sched_entity {
    struct sched_params asked; /* what was asked for */
    struct sched_params params; /* what it goes by: that, or what others lend it who wait for its mutexes (sched/lend.h) */
    bool lent;               /* the latter */
    u64 charged;             /* ns that it has run, up to the last charge */
    struct fair_entity fair;
    struct rt_entity rt;
    struct dl_entity dl;
};

/* In struct thread. */
#define THREAD_ENTITY struct sched_entity se; /* [q] */
