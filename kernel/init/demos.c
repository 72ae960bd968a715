/* Demonstrations for the monitor: what cooperative scheduling looks like, at a glance. Each prints as it goes, then draws who ran when. */
#include "base/printk.h"
#include "init/monitor.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/thread.h"

#define LANES 4
#define TURNS_MAX 64

extern const struct demo demos_start[], demos_end[];

/* Who ran, turn by turn; a turn is what lies between two yields. Written with interrupts off. */
static u8 turn_of[TURNS_MAX];
static unsigned turns;

static void take_turn(u64 lane)
{
    u64 flags = irq_save();

    if (turns < TURNS_MAX)
        turn_of[turns++] = (u8)lane;
    printk("%c", (char)('A' + lane));
    irq_restore(flags);
}

static void draw(unsigned lanes)
{
    printk("\n");
    for (unsigned lane = 0; lane < lanes; lane++) {
        printk("  %c |", 'A' + lane);
        for (unsigned i = 0; i < turns; i++)
            printk(turn_of[i] == lane ? "#" : ".");
        printk("|\n");
    }
}

/* Starts a thread for each lane, waits for all, draws. */
static int play(unsigned lanes, int (*entry)(void *))
{
    tid_t tid[LANES];
    unsigned started;
    int error = 0;

    turns = 0;
    for (started = 0; started < lanes; started++) {
        struct thread_params params = THREAD_PARAMS("demo", entry, (void *)(u64)started);

        tid[started] = thread_create(&params);
        if (tid[started] < 0) {
            error = tid[started];
            break;
        }
    }
    for (unsigned i = 0; i < started; i++)
        thread_join(tid[i], NULL);
    draw(lanes);
    return error;
}

static int polite(void *arg)
{
    for (unsigned i = 0; i < 8; i++) {
        take_turn((u64)arg);
        thread_yield();
    }
    return 0;
}

static int run_turns(void)
{
    return play(3, polite);
}

/* B does five turns' work before it yields: nobody can stop it. */
static int hog(void *arg)
{
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < ((u64)arg == 1 ? 5 : 1); k++)
            take_turn((u64)arg);
        thread_yield();
    }
    return 0;
}

static int run_hog(void)
{
    return play(3, hog);
}

static int short_life(void *arg)
{
    take_turn((u64)arg);
    for (u64 i = 0; i < (u64)arg; i++) {
        thread_yield();
        take_turn((u64)arg);
    }
    return 0;
}

static int run_exit(void)
{
    return play(4, short_life);
}

static int child(void *arg)
{
    printk("  child %d of %d starts with 7 * %lu\n", current_process()->pid, current_process()->ppid, (u64)arg);
    thread_yield();
    process_exit(7 * (int)(u64)arg);
}

static int run_family(void)
{
    pid_t pid;
    int status;

    for (u64 i = 1; i <= 3; i++) {
        pid = process_create("child", child, (void *)i);
        if (pid < 0)
            return pid;
    }
    while ((pid = process_wait(-1, &status, false)) > 0)
        printk("  process %d ended with %d\n", pid, status);
    return 0;
}

DEMO(10, turns, "three threads that yield after every letter", run_turns)
DEMO(11, hog, "one of three yields five times more rarely: the others wait", run_hog)
DEMO(12, exit, "four threads of different length of life: those that are left share the turns", run_exit)
DEMO(13, family, "three child processes, and a parent that waits for them", run_family)

void demo_list(void)
{
    for (const struct demo *d = demos_start; d < demos_end; d++)
        printk("  %-9s %s\n", d->name, d->about);
}

bool demo_run(const char *name)
{
    for (const struct demo *d = demos_start; d < demos_end; d++) {
        int error;

        if (strcmp(d->name, name))
            continue;
        error = d->run();
        if (error)
            printk("the demo ended early: error %d\n", error);
        return true;
    }
    return false;
}
