/* Threads of tests that compute where they are put, until they are told to stop. The caller is on CPU 0 meanwhile. */
#pragma once

#include "ktest/threads.h"

enum place_kind { PLACE_FREE, PLACE_BOUND, PLACE_KTHREAD };

/* Where a thread is put, and whether it may leave: a thread of the kernel's own stands on CPU 0. */
struct place {
    int cpu;
    enum place_kind kind;
    enum thread_priority priority;
    u64 burst_ns;
};

struct crowd {
    u8 free[4], bound[4]; /* threads on each CPU, the caller not counted */
};

/* From here on the caller runs on CPU 0 and nowhere else; and again on all. */
void stay_on_cpu_0(void);
void stay_no_more(void);
/* Starts n threads that compute, thread i at place[i], and waits until each CPU has as many as were put there. Those that are free may go
   away from then on. Returns 0, or an error, and then none was started: -EINVAL if a CPU is
   not there. */
int placed_start(struct test_threads *threads, const struct place *place, unsigned n);
/* They end, and are joined. */
void placed_end(struct test_threads *threads);
/* Places for load[cpu] threads on each of so many CPUs, all free, in place[]; the caller is one of CPU 0's. Returns how many. */
unsigned places_for(struct place *place, const u8 *load, unsigned cpus);
/* Places for these threads in place[], on each CPU first those that are bound. Returns how many. */
unsigned places_of(struct place *place, const struct crowd *crowd);
/* Threads that run or wait on CPUs 0 to 7, 8 bits each; and those that wait. */
u64 loads_now(void);
u64 waiting_now(void);
