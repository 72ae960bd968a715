/* Threads of tests that play a part: each with its policy and numbers, computing, sleeping or yielding until a time that all know. */
#pragma once

#include "ktest/threads.h"
#include "sched/attr.h"

/* What a thread does from its begin on: computes for `works` ns and sleeps for `rests`, or yields if that is 0, over and over. works 0: it
   computes all the time. */
struct part {
    struct sched_params p;
    u64 starts; /* ns after the begin of all at which it is made ready: of SCHED_OTHER only */
    u64 works, rests;
    u64 mask;   /* CPUs; 0 = all */
};

#define NICE(n)             { .policy = SCHED_OTHER, .nice = (n) }
#define NICE_SLICE(n, ns)   { .policy = SCHED_OTHER, .nice = (n), .runtime = (ns) }
#define FIFO(n)             { .policy = SCHED_FIFO, .rt_priority = (n) }
#define RR(n)               { .policy = SCHED_RR, .rt_priority = (n) }
#define IDLE_POLICY         { .policy = SCHED_IDLE }
#define DEADLINE(q, d, per) { .policy = SCHED_DEADLINE, .runtime = (q), .deadline = (d), .period = (per) }

/* Plays n parts for ns nanoseconds while the caller sleeps. Tells each thread's tid (FACT_TID), what setting its policy returned
   (FACT_RESULT), the ns from `from` ns after the begin to nearly the end (FACT_NOTE 0), and what each has run in that time (FACT_CPU_TIME).
   All that start at 0 become ready together. Returns 0 or an error. */
int play(const struct part *part, unsigned n, u64 ns, u64 from);
/* The same in steps, for who does something in between: 0 or an error, and then nobody plays. */
int play_begin(const struct part *part, unsigned n, u64 ns);
/* Sleeps until so many ns after the begin. */
void play_until(u64 ns);
/* From here on is measured; and to here. */
void play_measure(void);
void play_measured(void);
/* They end at the time that was said, and are joined. */
void play_end(void);
/* Thread n's id. */
tid_t player(unsigned n);
/* Whether it is not over yet: for parts of a test's own. */
bool plays(void);
