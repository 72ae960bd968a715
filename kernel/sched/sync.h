/* Semaphores, condition variables, completions and reader-writer locks, made of wait queues and mutexes. Thread context and no
   spinlock held, unless a function says otherwise. A killed thread exits where it would have waited. */
#pragma once

#include "sched/mutex.h"

/* A count of things that may be taken; who finds none waits (Dijkstra 1965). */
struct semaphore {
    struct spinlock lock;
    u64 count;                 /* [l] */
    struct wait_queue waiters; /* [l] */
};

void semaphore_init(struct semaphore *s, const char *name, u64 count);
void semaphore_down(struct semaphore *s);
/* Until `when` (ns); -ETIMEDOUT then. */
int semaphore_down_until(struct semaphore *s, u64 when);
bool semaphore_try(struct semaphore *s);
/* Any context. */
void semaphore_up(struct semaphore *s);

/* Waiting for a condition that a mutex guards (Hoare 1974, with the semantics of Mesa: after a wait the condition is looked at again). */
struct condvar {
    struct spinlock lock;
    struct wait_queue waiters; /* [l] */
};

void condvar_init(struct condvar *c, const char *name);
/* Gives m up, waits to be signalled, takes m again. m is owned by the caller. */
void condvar_wait(struct condvar *c, struct mutex *m);
/* The same until `when` (ns); -ETIMEDOUT then, with m owned again. */
int condvar_wait_until(struct condvar *c, struct mutex *m, u64 when);
/* Wakes one who waits, or all. Nothing is remembered where nobody waits. */
void condvar_signal(struct condvar *c);
void condvar_broadcast(struct condvar *c);

/* Something that happens once; who comes later does not wait. */
struct completion {
    struct spinlock lock;
    bool done;                 /* [l] */
    struct wait_queue waiters; /* [l] */
};

void completion_init(struct completion *c, const char *name);
void completion_wait(struct completion *c);
/* Any context. */
void complete(struct completion *c);

/* Many readers or one writer. A writer that waits keeps new readers out, so that it gets its turn; when it leaves, the readers
   that waited come first. */
struct rwlock {
    struct spinlock lock;
    u32 readers;                /* [l] who read now */
    bool writing;               /* [l] */
    u32 writers_waiting;        /* [l] */
    u32 turn;                   /* [l] readers that may enter although writers wait: those who waited when a writer left */
    struct wait_queue read_waiters, write_waiters; /* [l] */
};

void rwlock_init(struct rwlock *rw, const char *name);
void rwlock_read_lock(struct rwlock *rw);
void rwlock_read_unlock(struct rwlock *rw);
void rwlock_write_lock(struct rwlock *rw);
void rwlock_write_unlock(struct rwlock *rw);

/* Lab 2.5 (sync.c); the object's lock held, interrupts off. when: ns, ~0ul for ever. */
int semaphore_take(struct semaphore *s, u64 when);
void semaphore_give(struct semaphore *s);
/* c->lock held on entry and return; m is given up on the way, and not taken again. */
int condvar_sleep(struct condvar *c, struct mutex *m, u64 when);
