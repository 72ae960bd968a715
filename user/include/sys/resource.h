/* Limits, priorities and what was used. */
#pragma once

#include <sys/time.h>

typedef unsigned long rlim_t;
#define RLIM_INFINITY (~0ul)
struct rlimit {
    rlim_t rlim_cur, rlim_max;
};
enum { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK,
       RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO };

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals,
        ru_nvcsw, ru_nivcsw;
};
enum { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1 };
enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

int getrlimit(int resource, struct rlimit *limit);
int setrlimit(int resource, const struct rlimit *limit);
int prlimit64(pid_t pid, int resource, const struct rlimit *new, struct rlimit *old);
int getrusage(int who, struct rusage *usage);
int getpriority(int which, int who);
int setpriority(int which, int who, int nice);
