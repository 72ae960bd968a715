/* The idle class: one thread a CPU, which runs when nothing else can, is in no queue and counts as no load. */
#pragma once

#include "sched/rq.h"

void idle_init(struct rq *rq);
