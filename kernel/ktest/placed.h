/* Threads on CPUs of a test's choice, whatever lab 4.3 does: for tests of what a CPU can do, and of who goes where. */
#pragma once

#include "sched/thread.h"

/* t, NEW or BLOCKED, and known to nobody who could wake it, is ready on that CPU and stays there. Interrupts on. */
void put_on(struct thread *t, int cpu);
/* A new thread there. NULL with *error if there is none: -EINVAL, that CPU is not online. */
struct thread *start_on(int cpu, int (*entry)(void *), void *arg, int *error);
/* Yields until t has exited, then joins it: the caller's CPU never idles, so nothing depends on its being told. */
void end_of(struct thread *t);

/* For threads that have to go elsewhere themselves: a thread on the caller's CPU takes them. It also keeps that CPU from idling. */
int lift_start(void);
void lift_end(void);
/* The caller goes on on that CPU, and stays there. */
void go_to(int cpu);
