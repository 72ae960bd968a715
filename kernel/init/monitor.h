/* What the monitor's files share. */
#pragma once

#include "sched/class.h"

struct demo {
    const char *name;
    const char *about;
    int (*run)(void); /* in the monitor's thread; returns 0 or an error */
};

/* A demo that `run` knows. Those with the smaller rank, two digits, are listed first. */
#define DEMO(rank, demo_name, demo_about, demo_run)                                       \
    static const struct demo demo_##demo_name                                             \
        __attribute__((used, section(".demos." #rank), aligned(8))) = { #demo_name, demo_about, demo_run };

/* Runs the demo of that name in the running thread. Returns false if there is none. */
bool demo_run(const char *name);
/* Prints the demos, a line each. */
void demo_list(void);
/* All normal threads follow this policy from now on. Returns 0, or -EBUSY after a line that says why it cannot be done now. */
int policy_use(const struct sched_class *class);
/* From phase 4 on: the command about CPUs (monitor_cpus.c). */
void monitor_cpus(char *argument);
