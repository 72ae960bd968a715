/* bench_smp: what several CPUs cost each other, in ticks of the TSC: under QEMU with -icount shift=0 one tick is one instruction, of
   whichever CPU. Prints lines as bench does. The same program runs on Linux, for comparison; on four CPUs. */

#include "threads.h"

#include <sched.h>
#include <sys/mman.h>
#include <time.h>

enum { REPEATS = 31, PAGE = 4096, CPUS = 4 };

static long cost[REPEATS];
static volatile int go, back, over;
static volatile unsigned long ran_at;

static inline unsigned long ticks(void)
{
    unsigned low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (unsigned long)high << 32 | low;
}

static int by_size(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static void report(const char *name)
{
    qsort(cost, REPEATS, sizeof(long), by_size);
    printf("%s %ld\n%s_median %ld\n%s_most %ld\n", name, cost[0], name, cost[REPEATS / 2], name, cost[REPEATS - 1]);
    fflush(stdout);
}

static void run_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    call(SYS_sched_setaffinity, 0, sizeof(set), (long)&set, 0, 0, 0);
}

/* Nobody else runs when it returns. */
static void rest(void)
{
    nanosleep(&(struct timespec){ 0, 3000000 }, NULL);
}

static void note_when_woken(struct thread *t)
{
    run_on(t->argument);
    for (int i = 0; i < REPEATS; i++) {
        while (go == i)
            futex(&go, WAIT | PRIVATE, i, NULL, NULL, 0);
        ran_at = ticks();
        back = i + 1;
    }
}

/* From before the call that wakes to the first instruction of who waited, both calls included. */
static void bench_remote_wake(void)
{
    static struct thread t;
    start(&t, note_when_woken, 1);
    for (int i = 0; i < REPEATS; i++) {
        rest();
        unsigned long begin = ticks();
        go = i + 1;
        futex(&go, WAKE | PRIVATE, 1, NULL, NULL, 0);
        while (back == i)
            asm volatile("pause");
        cost[i] = ran_at - begin;
    }
    join(&t);
    report("remote_wake");
}

static void spin(struct thread *t)
{
    run_on(t->argument);
    go++;
    while (!over)
        asm volatile("pause");
}

/* munmap() of one page, from the call to its return. */
static void bench_unmap(const char *name)
{
    for (int i = 0; i < REPEATS; i++) {
        volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *page = 1;
        unsigned long begin = ticks();
        munmap((void *)page, PAGE);
        cost[i] = ticks() - begin;
    }
    report(name);
}

static void bench_shootdown(void)
{
    static struct thread others[CPUS];
    bench_unmap("unmap_alone");
    go = 0;
    for (int cpu = 1; cpu < CPUS; cpu++) {
        start(&others[cpu], spin, cpu);
        while (go != cpu)
            asm volatile("pause");
    }
    bench_unmap("unmap_on_all");
    over = 1;
    for (int cpu = 1; cpu < CPUS; cpu++)
        join(&others[cpu]);
}

int main(void)
{
    begin();
    run_on(0);
    bench_remote_wake();
    bench_shootdown();
    return 0;
}
