/* What the ktests with real threads share: starting numbered threads and joining them, with an error path for failing allocations. */
#pragma once

#include "sched/thread.h"

#define TEST_THREADS_MAX 16

struct test_threads {
    unsigned n;
    tid_t tid[TEST_THREADS_MAX];
};

/* Starts n threads at entry, thread i with argument i. All are made before the first one is ready: returns 0, or an error, and then
   none was started and threads->n is 0. So nobody waits for one who was never there. */
int threads_start(struct test_threads *threads, unsigned n, int (*entry)(void *));
/* The same, thread i with priority[i]. */
int threads_start_at(struct test_threads *threads, const enum thread_priority *priority, unsigned n, int (*entry)(void *));
/* The same, thread i as params[i] say, but for name and argument. */
int threads_start_each(struct test_threads *threads, const struct thread_params *params, unsigned n);
/* One more, of this priority, with the next number as its argument: for who must come when others have run. threads->n is 0 before the
   first one. Returns 0 or an error, and then those before it live on. */
int threads_add(struct test_threads *threads, enum thread_priority priority, int (*entry)(void *));
/* Yields until all of them wait for something; false if some do not after 100 yields. */
bool threads_blocked(const struct test_threads *threads);
/* How many of them wait for something. */
unsigned threads_waiting(const struct test_threads *threads);
/* Yields ten times: whoever is ready, and as urgent as the caller, has had a turn. */
void let_run(void);
/* Joins them all. */
void threads_join(struct test_threads *threads);
/* The number that threads_start() passed as argument. */
static inline u64 number_of(void *arg)
{
    return (u64)arg;
}

/* What an exercise leaves alone. expected: a copy from before (memcpy), into which what is the exercise's was copied from now. Tells
   FACT_KEPT: the first of the bytes that differ, or that there is none. */
void tell_kept(u64 who, const void *now, const void *expected, size_t bytes);
/* All of a struct thread but what is the student's own; and as much of it, and of a run queue, as neither a tick nor a policy changes. */
#define THREAD_ALL offsetof(struct thread, mine)
#define THREAD_QUIET (offsetof(struct thread, nr_switches) + sizeof(u64))
#define RQ_QUIET (offsetof(struct rq, nr_switches) + sizeof(u64))

/* Uses the CPU until the running thread has had it for ns more, however often it is preempted. */
void use_cpu(u64 ns);

/* Puts t into a state to which no legal step may lead. */
static inline void put_state(struct thread *t, enum thread_state state)
{
    t->state = state;
    t->state_set = (u8)state;
}

/* Takes threads that are READY out of the run queue and gives them back, without their exiting: for tests of what comes before exit. */
void threads_abandon(struct test_threads *threads);
/* Yields until *counter has reached `wanted`, at most `most` times: a test of a wrong yield must end, too. */
void yield_until(const volatile u64 *counter, u64 wanted, u64 most);
