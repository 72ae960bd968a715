/* Giving the CPU away, how to be scheduled, and which CPUs to run on. */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define CPU_SETSIZE 1024
#define CPU_WORD_BITS (8 * sizeof(unsigned long))
typedef struct {
    unsigned long word[CPU_SETSIZE / CPU_WORD_BITS];
} cpu_set_t;

#define CPU_WORD(cpu, set) ((set)->word[(cpu) / CPU_WORD_BITS])
#define CPU_BIT(cpu) (1ul << (cpu) % CPU_WORD_BITS)
#define CPU_ZERO(set) ((void)(*(set) = (cpu_set_t){ 0 }))
#define CPU_SET(cpu, set) ((void)(CPU_WORD(cpu, set) |= CPU_BIT(cpu)))
#define CPU_CLR(cpu, set) ((void)(CPU_WORD(cpu, set) &= ~CPU_BIT(cpu)))
#define CPU_ISSET(cpu, set) ((CPU_WORD(cpu, set) & CPU_BIT(cpu)) != 0)

static inline int CPU_COUNT(const cpu_set_t *set)
{
    int n = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        n += CPU_ISSET(cpu, set);
    return n;
}

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_DEADLINE 6
#define SCHED_RESET_ON_FORK 0x40000000

struct sched_param {
    int sched_priority;
};

int sched_yield(void);
int sched_getscheduler(pid_t pid);
int sched_getparam(pid_t pid, struct sched_param *param);
int sched_get_priority_min(int policy);
int sched_get_priority_max(int policy);
int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param);
int sched_setparam(pid_t pid, const struct sched_param *param);
int sched_rr_get_interval(pid_t pid, struct timespec *interval);

#define SCHED_FLAG_RESET_ON_FORK 1
#define SCHED_FLAG_KEEP_POLICY 8
#define SCHED_FLAG_KEEP_PARAMS 16

struct sched_attr {
    unsigned size;
    unsigned sched_policy;
    unsigned long sched_flags;
    int sched_nice;
    unsigned sched_priority;
    unsigned long sched_runtime, sched_deadline, sched_period; /* ns */
    unsigned sched_util_min, sched_util_max;
};

int sched_setattr(pid_t pid, const struct sched_attr *attr, unsigned flags);
int sched_getattr(pid_t pid, struct sched_attr *attr, unsigned size, unsigned flags);
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int sched_getcpu(void);
