/* The idle class: one thread a CPU, which runs when nothing else can, is in no queue and counts as no load. */
#pragma once

#include "sched/rq.h"

/* Gives rq its CPU's idle thread. */
void idle_init(struct rq *rq);
/* Another CPU's idle thread, which that CPU starts as (phase 4). NULL: no memory. */
struct thread *idle_new(int cpu);
/* The rest of its life, as the thread that runs on a CPU which has come up. Interrupts off; never returns. */
_Noreturn void idle_run(void);
