/* The system's own files of /proc (show.h). Numbers of the scheduler may be a moment old. */
#include "base/printk.h"
#include "fs/inode.h"
#include "lib/format.h"
#include "proc/info.h"
#include "proc/show.h"
#include "sched/stat.h"

#define TICK_NS 10000000ul /* USER_HZ is 100 */

void text_add(struct text *text, const char *fmt, ...)
{
    size_t left = text->used < text->size ? text->size - text->used : 0;
    va_list ap;

    va_start(ap, fmt);
    text->used += (size_t)format_v(left ? text->at + text->used : NULL, left, fmt, ap);
    va_end(ap);
}

/* How long a CPU had nobody to run, and how long all had together. */
static u64 idle_ns(int cpu)
{
    return thread_cpu_ns(run_queues[cpu].idle);
}

static u64 all_idle_ns(void)
{
    u64 sum = 0;

    for (u64 left = cpus_online; left; left &= left - 1)
        sum += idle_ns(__builtin_ctzl(left));
    return sum;
}

/* What was not idle of a time, and what was, in ticks. The difference is rounded and not its parts: or it would now and then go back. */
static void add_times(struct text *to, u64 ns, u64 idle)
{
    text_add(to, " %lu 0 0 %lu 0 0 0 0 0 0\n", (ns - min(idle, ns)) / TICK_NS, idle / TICK_NS);
}

int show_system_stat(struct text *to, struct shown who)
{
    u64 up = clock_ns();
    struct sched_stats stats;

    (void)who;
    sched_stats_get(&stats);
    text_add(to, "cpu ");
    add_times(to, up * (u64)__builtin_popcountl(cpus_online), all_idle_ns());
    for (u64 left = cpus_online; left; left &= left - 1) {
        int cpu = __builtin_ctzl(left);

        text_add(to, "cpu%d", cpu);
        add_times(to, up, idle_ns(cpu));
    }
    text_add(to, "intr 0\nctxt %lu\nbtime %lu\nprocesses %d\n", stats.switches, fs_epoch_ns / NS_PER_SEC, newest_process());
    text_add(to, "procs_running %u\nprocs_blocked 0\n", stats.threads[THREAD_READY] + stats.threads[THREAD_RUNNING]);
    return 0;
}

int show_meminfo(struct text *to, struct shown who)
{
    u64 total = frames_total() * (PAGE_SIZE / 1024), free = frames_free() * (PAGE_SIZE / 1024);
    static const char *const none[] = { "Buffers:",  "Cached:", "SwapCached:", "SwapTotal:",   "SwapFree:",
                                        "Dirty:",    "Shmem:",  "Slab:",       "SReclaimable:" };

    (void)who;
    text_add(to, "%-15s %8lu kB\n%-15s %8lu kB\n%-15s %8lu kB\n", "MemTotal:", total, "MemFree:", free, "MemAvailable:", free);
    for (unsigned i = 0; i < array_len(none); i++)
        text_add(to, "%-15s %8d kB\n", none[i], 0);
    return 0;
}

/* Seconds with two decimals. */
static void add_seconds(struct text *to, u64 ns)
{
    text_add(to, "%lu.%02lu", ns / NS_PER_SEC, ns % NS_PER_SEC / TICK_NS);
}

int show_uptime(struct text *to, struct shown who)
{
    (void)who;
    add_seconds(to, clock_ns());
    text_add(to, " ");
    add_seconds(to, all_idle_ns());
    text_add(to, "\n");
    return 0;
}

/* No averages are kept. */
int show_loadavg(struct text *to, struct shown who)
{
    struct sched_stats stats;

    (void)who;
    sched_stats_get(&stats);
    text_add(to, "0.00 0.00 0.00 %u/%u %d\n", stats.threads[THREAD_READY] + stats.threads[THREAD_RUNNING], thread_count(),
             newest_process());
    return 0;
}

int show_version(struct text *to, struct shown who)
{
    const struct kernel_identity *k = &kernel_identity;

    (void)who;
    text_add(to, "%s version %s (%s) %s\n", k->system, k->release, k->node, k->version);
    return 0;
}

int show_cpuinfo(struct text *to, struct shown who)
{
    (void)who;
    for (u64 left = cpus_online; left; left &= left - 1)
        text_add(to, "processor\t: %d\nmodel name\t: %s\ncpu MHz\t\t: %lu.%03lu\n\n", __builtin_ctzl(left), kernel_identity.machine,
                 clock_hz() / 1000000, clock_hz() / 1000 % 1000);
    return 0;
}

int show_mounts(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "tmpfs / tmpfs rw 0 0\nproc /proc proc rw 0 0\n");
    return 0;
}

int show_filesystems(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "nodev\ttmpfs\nnodev\tproc\n");
    return 0;
}

int show_swaps(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return 0;
}

/* There are no disks. */
int show_diskstats(struct text *to, struct shown who)
{
    (void)to, (void)who;
    return 0;
}

int show_cgroup(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "0::/\n");
    return 0;
}

int show_kmsg(struct text *to, struct shown who)
{
    (void)who;
    to->used = printk_log(to->at, to->size);
    return 0;
}
