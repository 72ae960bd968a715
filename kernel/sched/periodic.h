/* Timers that ring again and again. */
#pragma once

#include "sched/timer.h"

#define TIME_MOST (~0ul >> 1) /* ns; of times and intervals, so that two of them can be added */
#define RING_LEAST_NS (100 * 1000) /* from now to the next ring: more often the CPU would do nothing else */

/* When a timer that rings now, every `interval` ns (not 0), rings next: at one of its times, none of those that are over. *missed (may be
   NULL): how many of its times are left out for that. The interval is TIME_MOST at most. */
static inline u64 timer_next_ring(const struct timer *timer, u64 interval, u64 *missed)
{
    u64 next = timer->expires + interval, least = clock_ns() + RING_LEAST_NS, left_out = 0;

    if (next < least)
        left_out = (least - next + interval - 1) / interval;
    if (missed)
        *missed = left_out;
    return min(next + left_out * interval, TIME_MOST);
}

/* What a program sets a timer to, and hears of it; ns. */
struct timer_setting {
    u64 left;     /* until it rings; 0: never */
    u64 interval; /* between this ring and the next one; 0: it rings once */
};
