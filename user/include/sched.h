/* Giving the CPU away. */
#pragma once

int sched_yield(void);
