/* Run queues that nobody uses, those of CPUs that no machine of a test has: a test fills them itself. */
#pragma once

#include "sched/rq.h"

#define FREE 8 /* the first such CPU */
#define FREE_QUEUES 3u

/* The n-th of them, with nobody in it. */
struct rq *free_queue(unsigned n);
