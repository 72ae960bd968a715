/* CPU time in clock ticks of 1/100 s. */
#pragma once

struct tms {
    long tms_utime, tms_stime, tms_cutime, tms_cstime;
};
long times(struct tms *used);
