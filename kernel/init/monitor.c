/* The monitor: a few commands on the console, for a kernel that has no user mode yet. It is the main thread and needs no
   exercise to be solved; what it starts may. Entry: the boot program "monitor", which runs when nothing else was asked for. */
#include "init/monitor.h"
#include "base/assert.h"
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"
#include "base/trace.h"
#include "init/program.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/slab.h"
#include "proc/process.h"
#include "sched/classes.h"
#include "sched/stat.h"

#define LINE_MAX 128
#define TRACE_DEFAULT 20
#define BACKSPACE '\b'
#define DELETE 0x7f
#define CTRL_D 0x04
#define CTRL_U 0x15

struct command {
    const char *name;
    const char *usage;
    const char *about;
    void (*run)(char *argument); /* "" if none was given */
};

static const struct command commands[];

/* A number argument. Says what is wrong if it is none. */
static bool number(const char *text, u64 *value)
{
    if (!parse_u64(text, value))
        return true;
    printk("'%s' is not a number\n", text);
    return false;
}

static bool print_thread(struct thread *t, void *arg)
{
    (void)arg;
    printk("%5d %6d  %-15s %-10s %-5s %4d %8lu %10lu\n", t->tid, t->parent_tid, t->name, thread_state_name(t->state), t->class->name,
           t->priority, t->nr_switches, thread_cpu_ns(t) / 1000);
    return true;
}

static void run_ps(char *argument)
{
    (void)argument;
    printk("%5s %6s  %-15s %-10s %-5s %4s %8s %10s\n", "TID", "PARENT", "NAME", "STATE", "CLASS", "PRIO", "TURNS", "CPU us");
    thread_for_each(print_thread, NULL);
}

static void run_dump(char *argument)
{
    u64 pid;

    if (!*argument)
        dump_living(0);
    else if (number(argument, &pid))
        dump_living((pid_t)pid);
}

static void run_trace(char *argument)
{
    u64 n = TRACE_DEFAULT;

    if (*argument && !number(argument, &n))
        return;
    if (!trace_on)
        printk("the trace is off: boot with trace=last\n");
    else
        trace_print(this_cpu()->id, (unsigned)min(n, (u64)~0u));
}

static void run_stats(char *argument)
{
    struct sched_stats stats;

    (void)argument;
    sched_stats_get(&stats);
    printk("policy %s, %lu context switches, %lu times scheduled, %u ready, reschedule %s\n", normal_class->name, stats.switches,
           stats.scheduled, stats.ready, stats.need_resched ? "pending" : "not pending");
    if (stats.ticks)
        printk("  %lu ticks, %lu slices ended by a tick, %lu preemptions, %lu wakes\n", stats.ticks, stats.slices, stats.preemptions,
               stats.wakes);
    for (enum thread_state s = THREAD_NEW; s < THREAD_STATES; s++)
        if (stats.threads[s])
            printk("  %-10s %u\n", thread_state_name(s), stats.threads[s]);
}

static void run_mem(char *argument)
{
    (void)argument;
    printk("%lu KiB of %lu KiB free, %lu heap objects in use\n", frames_free() * PAGE_SIZE / 1024, frames_total() * PAGE_SIZE / 1024,
           slab_objects());
    if (IS_CHECKED && !smp_others_idle()) {
        printk("not checked: other CPUs are at work\n");
    } else if (IS_CHECKED) {
        frames_check();
        slab_check();
        printk("free lists and heap checked: sound\n");
    }
}

static bool follow(struct thread *t, void *arg)
{
    (void)arg;
    class_follow(t);
    return true;
}

/* All threads follow the policy, those that wait for something too; those that are queued must not be left behind in another
   policy's order. Nobody is queued, or chosen, meanwhile: all queues are locked. */
int policy_use(const struct sched_class *class)
{
    u64 flags = threads_lock_irq(), online = cpus_online;
    bool queued = false;

    for (u64 left = online; left; left &= left - 1) {
        struct rq *rq = &run_queues[__builtin_ctzl(left)];

        rq_lock(rq);
        queued = queued || rq->nr_ready;
    }
    if (!queued) {
        sched_set_normal_class(class);
        thread_for_each_locked(follow, NULL);
    }
    for (u64 left = online; left; left &= left - 1)
        spin_unlock(&run_queues[__builtin_ctzl(left)].lock);
    threads_unlock_irq(flags);
    if (queued)
        printk("threads are queued under %s: wait until they are gone\n", normal_class->name);
    return queued ? -EBUSY : 0;
}

static void run_policy(char *argument)
{
    const struct sched_class *const *p = sched_policies;

    while (*p && strcmp(argument, (*p)->name))
        p++;
    if (*p)
        (void)policy_use(*p); /* says why it did not; the list below, which one is in force */
    printk("policies:");
    for (p = sched_policies; *p; p++)
        printk(*p == normal_class ? " [%s]" : " %s", (*p)->name);
    printk("\n");
}

static void run_run(char *argument)
{
    if (!demo_run(argument)) {
        printk(*argument ? "no demo is called '%s'; there are:\n" : "run which demo?%s\n", argument);
        demo_list();
    }
}

static void run_poweroff(char *argument)
{
    (void)argument;
    machine_poweroff();
}

static void run_help(char *argument)
{
    if (!strcmp(argument, "boot")) {
        options_print();
        return;
    }
    for (const struct command *c = commands; c->name; c++)
        printk("  %-8s %-10s %s\n", c->name, c->usage, c->about);
}

static const struct command commands[] = {
    { "help", "[boot]", "this list, or the boot options", run_help },
    { "ps", "", "all threads", run_ps },
    { "dump", "[PID]", "one process, or all: descriptors, threads, stacks, backtraces", run_dump },
    { "trace", "[N]", "the last scheduling events", run_trace },
    { "stats", "", "the scheduler's counters", run_stats },
    { "run", "DEMO", "a demonstration; without a name, the list", run_run },
    { "policy", "[NAME]", "the policies, the one in force in brackets; or change it", run_policy },
#if PHASE >= 4
    { "cpus", "TID [MASK]", "on which CPUs a thread may run; or set that", monitor_cpus },
#endif
    { "mem", "", "memory in use", run_mem },
    { "poweroff", "", "switch the machine off", run_poweroff },
    { 0 },
};

static void echo(const char *text)
{
    (void)fd_write(&current_process()->fds, 1, text, strlen(text));
}

/* Reads one line, echoed, with backspace and Ctrl-U; cut at LINE_MAX - 1 characters. False at the end of input, which on a serial line is
   Ctrl-D where a line begins. */
static bool read_line(char line[LINE_MAX])
{
    size_t n = 0;
    char c;

    for (;;) {
        if (fd_read(&current_process()->fds, 0, &c, 1) != 1 || (c == CTRL_D && !n))
            return false;
        if (c == '\n' || c == '\r')
            break;
        if ((c == BACKSPACE || c == DELETE) && n) {
            n--;
            echo("\b \b");
        } else if (c == CTRL_U) {
            for (; n; n--)
                echo("\b \b");
        } else if (c >= ' ' && c < DELETE && n < LINE_MAX - 1) {
            char text[2] = { c, 0 };

            line[n++] = c;
            echo(text);
        }
    }
    line[n] = 0;
    echo("\n");
    return true;
}

/* Splits off the first word; the rest, without the blanks around it, is the argument. */
static char *split(char *line)
{
    char *argument = line;
    size_t n;

    while (*argument && *argument != ' ')
        argument++;
    while (*argument == ' ')
        *argument++ = 0;
    n = strlen(argument);
    while (n && argument[n - 1] == ' ')
        argument[--n] = 0;
    return argument;
}

static void obey(char *line)
{
    char *argument;

    while (*line == ' ')
        line++;
    if (!*line)
        return;
    argument = split(line);
    for (const struct command *c = commands; c->name; c++) {
        if (!strcmp(c->name, line)) {
            c->run(argument);
            return;
        }
    }
    printk("no command is called '%s'; `help` lists them\n", line);
}

/* Children of threads that ended before them are process 1's: they are given back here. */
static void reap(void)
{
    while (process_wait(-1, NULL, true) > 0)
        ;
}

static bool wanted(const struct boot_info *boot)
{
    (void)boot;
    return true;
}

static void run(const struct boot_info *boot)
{
    char line[LINE_MAX];

    (void)boot;
    printk("Crescent, %lu MiB free, clock %lu MHz. `help` lists the commands.\n", frames_free() * PAGE_SIZE / MIB(1),
           (clock_hz() + 500000) / 1000000);
    for (;;) {
        printk("> ");
        if (!read_line(line)) {
            printk("\n");
            refuse("the console's input has ended; `poweroff` as its last line is the way to end well");
        }
        obey(line);
        reap();
    }
}

BOOT_PROGRAM(90, "monitor", wanted, run);
