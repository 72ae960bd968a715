/* Giving the CPU away, and which CPUs to run on. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

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

int sched_yield(void);
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int sched_getcpu(void);
