/* The lock and the wait queue of the tests of lab 2.3, and threads that wait there. */
#pragma once

#include "ktest/threads.h"
#include "sched/wait.h"

extern struct spinlock tested_lock;
extern struct wait_queue tested_queue;
extern volatile u64 wait_awake; /* how many have come back */
extern const enum thread_priority wait_equal[3];

/* Nobody waits, nobody has come back. */
void wait_set_up(void);
/* Starts threads of these priorities, each of which waits once; in the order of the list. Returns 0 or an error. */
int start_waiters(struct test_threads *threads, const enum thread_priority *priority, unsigned n);
/* wake_one() and wake_all() under the lock. */
bool wake_a_waiter(void);
void wake_who_is_left(void);
