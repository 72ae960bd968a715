/* The scheduling classes: as long as there are the policy of normal threads and the idle threads, nothing is to be done for others. */
#pragma once

#include "sched/rq.h"

#define CLASSES_ABOVE
#define CLASSES_BELOW
#define CLASSES_NORMAL 0 /* the policy's place in the table */
#define CLASSES_POLICIES

static inline void class_options_init(void)
{
}

static inline void classes_rq_init(struct rq *rq)
{
    (void)rq;
}

static inline void class_thread_init(struct thread *t, const struct thread *from)
{
    (void)t, (void)from;
}

static inline int class_fork_error(const struct thread *from)
{
    (void)from;
    return 0;
}

static inline const struct sched_class *class_of_new(const struct thread *t)
{
    (void)t;
    return normal_class;
}

static inline void class_trace_new(const struct thread *t)
{
    (void)t;
}

static inline void class_follow(struct thread *t)
{
    if (t->class_id == SCHED_CLASS_NORMAL)
        t->class = normal_class;
}

static inline bool class_held_back(const struct rq *rq, const struct thread *t)
{
    (void)rq, (void)t;
    return false;
}

static inline void class_trace_entity(struct rq *rq, const struct thread *t)
{
    (void)rq, (void)t;
}

static inline void class_tell(struct rq *rq, const struct thread *t, sched_teller *tell, void *to)
{
    (void)rq, (void)t, (void)tell, (void)to;
}

static inline u64 class_arrives(struct rq *rq, const struct thread *t)
{
    (void)rq, (void)t;
    return 0;
}

static inline u64 classes_next_event(const struct rq *rq)
{
    (void)rq;
    return ~0ul;
}

static inline void classes_run_events(struct rq *rq, u64 now)
{
    (void)rq, (void)now;
}

static inline u64 class_mask(const struct thread *t)
{
    return __atomic_load_n(&t->cpu_mask, __ATOMIC_RELAXED);
}

static inline int class_set_mask(const struct thread *t, const u64 *mask)
{
    (void)t, (void)mask;
    return 0;
}

static inline u32 class_no_load(const struct rq *rq)
{
    (void)rq;
    return 0;
}
