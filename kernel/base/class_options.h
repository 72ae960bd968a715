/* For the table of boot options: what the scheduling classes bring. */
#pragma once

#define OPTIONS_POLICIES "eevdf", "cfs",
#define OPTION_POLICY_DEFAULT 5 /* eevdf */
#define OPTIONS_CLASSES \
    { .name = "rt_period", .kind = OPTION_NUMBER, .about = "real-time threads are limited in windows of so many ms", .least = 1, \
      .most = 100000, .number = 1000 }, \
    { .name = "rt_runtime", .kind = OPTION_NUMBER, .about = "ms of each that they may run (0 = all)", .most = 100000, .number = 950 }, \
    { .name = "dl_bandwidth", .kind = OPTION_NUMBER, .about = "thousandths of a CPU that deadline threads may reserve (0 = any amount)", \
      .most = 1000, .number = 950 },
