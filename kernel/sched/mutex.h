/* Mutexes: one owner at a time; who finds it taken blocks. While others wait, the owner runs with the best of their priorities
   (priority inheritance, Sha, Rajkumar and Lehoczky 1990), through chains of owners who wait themselves. One lock, pi_lock,
   guards who owns what and who waits for whom, so that such a chain stands still while it is walked. */
#pragma once

#include "sched/wait.h"

struct mutex {
    const char *name;
    struct thread *owner;      /* [pi_lock] NULL = free */
    struct wait_queue waiters; /* [pi_lock] */
    struct list held_link;     /* [pi_lock] its place in owner->held_mutexes */
};

#define MUTEX(m, mutex_name) \
    { .name = (mutex_name), .waiters = WAIT_QUEUE((m).waiters, mutex_name), .held_link = LIST_INIT((m).held_link) }

void mutex_init(struct mutex *m, const char *name);
/* Waits until the mutex is free and takes it. Thread context, no spinlock held. Panics, with the names along the way, if the
   caller owns it or if the wait would close a circle: a deadlock. A killed thread exits here. */
void mutex_lock(struct mutex *m);
/* mutex_lock() until `when` (ns) at the latest. Returns 0, or -ETIMEDOUT without the mutex. */
int mutex_lock_until(struct mutex *m, u64 when);
/* Takes it if it is free. Returns true if it was. */
bool mutex_trylock(struct mutex *m);
/* Gives it up and wakes the best waiter. Panics if the caller does not own it. */
void mutex_unlock(struct mutex *m);
/* True if the running thread owns it. */
bool mutex_held(const struct mutex *m);

/* Gives up all that t, which is leaving, still owns. */
void mutex_release_all(struct thread *t);
/* The own priority of a thread has changed: those it lends to, or that wait behind it, are told. */
void mutex_priority_changed(tid_t tid);

extern struct spinlock pi_lock;

/* Lab 2.5 (sync.c); pi_lock held, interrupts off. */

/* Takes m for the current thread, waiting while it is owned, until `when` (~0ul: for ever). Returns 0 or what the wait returned. */
int mutex_acquire(struct mutex *m, u64 when);
/* Gives m up and lets the best waiter try. */
void mutex_release(struct mutex *m);

/* For mutex_acquire(), in one step: notes whom me waits for, lends its priority, looks for a deadlock, waits. */
int mutex_wait(struct mutex *m, struct thread *me, u64 when);
/* Notes that t owns m now, or does not any more. */
void mutex_note_owner(struct mutex *m, struct thread *t);
void mutex_note_released(struct mutex *m);

/* Lab 2.6c (inherit.c); pi_lock held, interrupts off. */

/* t waits for a mutex or its priority rose: whoever stands in its way, owner after owner, gets at least its effective priority. */
void priority_lend(struct thread *t);
/* t gave a mutex up, or somebody stopped waiting for one of its: what it inherits is the best effective priority of those who
   still wait for its mutexes, or -1. */
void priority_recompute(struct thread *t);
/* Sets what t inherits and moves it in its queue accordingly; pi_lock held. Returns true if its effective priority changed. */
bool priority_set_inherited(struct thread *t, int inherited);
