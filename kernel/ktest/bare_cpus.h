/* Other CPUs for tests, before they can run threads (lab 4.2): each has a stack and a struct cpu of its own, and calls a function when it
   is told to, interrupts off. The test is booted with `cpus=1`, so that nobody else has started them. */
#pragma once

#include "base/cpu.h"

#define BARE_CPUS_MOST 8u

/* Starts up to most - 1 other CPUs, unless they were before, which from now on call work(n), n = 1, 2, ... Returns how many CPUs there are,
   this one included. */
unsigned bare_cpus_start(unsigned most, void (*work)(unsigned n));
/* CPU n calls work() once; each of them does. */
void bare_go(unsigned n);
void bare_go_all(void);
/* Waits until CPU n has come back from work(); until all have. */
void bare_wait(unsigned n);
void bare_wait_all(void);
