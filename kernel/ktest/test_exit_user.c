/* Lab 3.6: what is left of a process that has ended, and whose its children are. */
#include "arch/user.h"
#include "base/cmdline.h"
#include "base/cpu.h"
#include "ktest/ktest.h"
#include "ktest/program.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "mm/failalloc.h"
#include "mm/frames.h"
#include "mm/kstack.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "proc/wait.h"
#include "sched/control.h"
#include "sched/interrupt.h"
#include "sched/thread.h"
#include "sched/timer.h"

/* Reads what is known of a process, under the lock. */
static bool is_zombie(pid_t pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = process_find_locked(pid);
    bool is = p && p->state == PROCESS_ZOMBIE;

    spin_unlock_irq(&processes_lock, flags);
    return is;
}

static u64 open_files(struct fd_table *table)
{
    u64 n = 0;

    for (int fd = 0; fd < table->size; fd++)
        n += table->fd[fd].file != NULL;
    return n;
}

/* COUNT 1 to 4: open files, whether it has a space, whether its alarm is set, whether a folder is its own. */
static void tell_what_it_has(pid_t pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = process_find_locked(pid);

    fact(FACT_STATE, (u64)pid, p->state);
    fact(FACT_COUNT, 1, open_files(&p->fds));
    fact(FACT_COUNT, 2, p->space != NULL);
    fact(FACT_COUNT, 3, rb_linked(&p->alarm.node));
    fact(FACT_COUNT, 4, p->fs.cwd != NULL);
    spin_unlock_irq(&processes_lock, flags);
}

/* Tells of the program when it has ended and nobody has waited for it yet. COUNT 0: frames that it still has. RESULT 0: its status. */
KTEST(exit_zombie, "what is left of a program that has ended")
{
    size_t before;
    pid_t pid;
    int status = 0;

    kstack_drain();
    slab_drain();
    before = frames_free();
    pid = program_start();
    if (pid < 0)
        return pid;
    while (!is_zombie(pid))
        thread_sleep(NS_PER_MS);
    thread_sleep(NS_PER_MS);
    kstack_drain();
    slab_drain();
    fact(FACT_COUNT, 0, before - frames_free());
    tell_what_it_has(pid);
    thread_sleep(50 * NS_PER_MS); /* its alarm would have rung by then */
    process_wait(pid, &status, false);
    fact(FACT_RESULT, 0, (u64)(s64)status);
    return status == -ENOMEM ? -ENOMEM : 0;
}

static pid_t only_child(pid_t pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = process_find_locked(pid);
    pid_t child = p && !list_empty(&p->children) ? list_entry(p->children.next, struct process, sibling_link)->pid : 0;

    spin_unlock_irq(&processes_lock, flags);
    return child;
}

/* As exit_zombie, of the program's child, which borrows its space until it ends. */
KTEST(exit_zombie_borrower, "what is left of a child that had a space that was lent")
{
    int status = 0;
    pid_t pid = program_start(), child;

    if (pid < 0)
        return pid;
    while (!is_zombie(child = only_child(pid)) && !is_zombie(pid))
        thread_sleep(NS_PER_MS);
    if (child)
        tell_what_it_has(child);
    process_wait(pid, &status, false);
    fact(FACT_RESULT, 0, (u64)(s64)status);
    return status == -ENOMEM ? -ENOMEM : 0;
}

/* Waits for the program and for whoever else becomes a child of this process, until nobody is left. RETURNED: a: pid; b: status. RESULT 0:
   the program's. */
KTEST(exit_orphans, "a program that leaves children behind, and who gets them")
{
    pid_t program = program_start(), pid;
    int status = 0, error = 0;

    if (program < 0)
        return program;
    while ((pid = process_wait(-1, &status, false)) > 0) {
        fact(FACT_RETURNED, (u64)pid, (u64)(s64)status);
        if (pid == program)
            fact(FACT_RESULT, 0, (u64)(s64)status);
        if (status == -ENOMEM)
            error = -ENOMEM;
    }
    return error;
}

/* FOUND: the root in use, 0 for the kernel's: at first, after user_space_leave(), and when others have run meanwhile. */
static int leave_and_come_back(struct address_space *space)
{
    (void)space;
    fact(FACT_FOUND, 0, this_cpu()->arch.root);
    user_space_leave(current()->user);
    fact(FACT_FOUND, 1, this_cpu()->arch.root);
    thread_sleep(NS_PER_MS);
    fact(FACT_FOUND, 2, this_cpu()->arch.root);
    return 0;
}

KTEST(exit_space_left, "a thread that has left its address space, and comes back to the CPU")
{
    return run_in_space(leave_and_come_back);
}

static struct thread *waiting;

/* Ends the wait of its parent, which goes on when this thread blocks or ends: its second millisecond is later, if arg says so. */
static int interrupt_and_end(void *arg)
{
    thread_interrupt(waiting);
    if (arg)
        thread_sleep(2 * NS_PER_MS);
    return 6;
}

/* RETURNED: step, what process_wait_for() returned, 0 for the child's id. 0: the child ended and a signal came; 1: the signal alone, by
   then. RESULT 0: the child's status. */
KTEST(exit_signal, "a wait for a child that a signal ends, and the child's end, too")
{
    waiting = current();
    for (u64 step = 0; step < 2; step++) {
        int status = 0x5a5a5a;
        pid_t pid = process_create("child", interrupt_and_end, (void *)step), got;

        if (pid < 0)
            return pid;
        got = process_wait_for(pid, 0, &status);
        current()->interrupted = false;
        fact(FACT_RETURNED, step, got == pid ? 0 : (u64)(s64)got);
        if (step == 0)
            fact(FACT_RESULT, 0, (u64)(s64)status);
        if (got != pid)
            process_wait(pid, NULL, false);
    }
    return 0;
}

static bool may_end;
static pid_t left_behind;

static int end_later(void *arg)
{
    while (!arg && !may_end)
        thread_sleep(NS_PER_MS);
    return 0;
}

/* Ends before its child, or, with arg, when that is a zombie. */
static int leave_a_child(void *arg)
{
    left_behind = process_create("orphan", end_later, arg);
    while (arg && left_behind > 0 && !is_zombie(left_behind))
        thread_sleep(NS_PER_MS);
    return left_behind < 0 ? left_behind : 0;
}

/* Process 1 has a handler for SIGCHLD here, and nobody who could run it: what came first stays. FOUND: step, of whom that tells: 0 the
   process that ended, 1 the child that it left, 2 nobody. Step 0: the child lives on; 1: it is a zombie by then. */
KTEST(exit_orphan_news, "what process 1 hears of the orphans it gets")
{
    struct signals *signals = &current_process()->signals;
    int error = signals_new(signals, NULL);

    if (error)
        return error;
    signals->action[SIGCHLD - 1].handler = 0x400000;
    for (u64 step = 0; step < 2 && !error; step++) {
        pid_t pid = process_create("parent", leave_a_child, (void *)step), heard;

        may_end = false;
        signals->pending = 0;
        error = pid < 0 ? pid : 0;
        while (pid > 0 && !is_zombie(pid))
            thread_sleep(NS_PER_MS);
        heard = signals->pending ? signals->info[SIGCHLD - 1].pid : 0;
        fact(FACT_FOUND, step, heard == pid ? 0 : heard == left_behind ? 1 : 2);
        may_end = true;
        while (process_wait(-1, NULL, false) > 0)
            ;
    }
    signals_free(signals);
    return failalloc_failed() ? -ENOMEM : error;
}

static int end_with(void *arg)
{
    return (int)(s64)arg;
}

#define RACE_ROUNDS 20

/* NOTE: rounds, RACE_ROUNDS or as many as rounds= says; how many ended as they should. */
KTEST(exit_race, "two children that end while their parent looks after them")
{
    u64 right = 0, rounds = option_u64("rounds") ? option_u64("rounds") : RACE_ROUNDS;

    for (u64 round = 0; round < rounds; round++) {
        int status[2] = { -1, -1 };
        pid_t first = process_create("first", end_with, (void *)1);
        pid_t second = first > 0 ? process_create("second", end_with, (void *)2) : first;
        bool both = second > 0 && process_wait_for(second, 0, &status[1]) == second;

        right += first > 0 && process_wait_for(first, 0, &status[0]) == first && both && status[0] == 1 && status[1] == 2;
    }
    fact(FACT_NOTE, rounds, right);
    return failalloc_failed() ? -ENOMEM : 0;
}

#define MOMENTS 100
#define MOMENT_NS 20

static u64 end_at;

static int end_then(void *arg)
{
    thread_set_priority(current()->tid, PRIORITY_CRITICAL);
    thread_sleep_until(end_at);
    return (int)(s64)arg;
}

/* With sched=prio the child ends as soon as its time has come, whatever its parent does then. From round to round the parent looks after it
   a little earlier before that. NOTE: rounds, MOMENTS or as many as rounds= says; how many ended as they should. */
KTEST(exit_moments, "a child that ends before its parent waits for it, after that, and at each moment in between")
{
    u64 right = 0, rounds = option_u64("rounds") ? option_u64("rounds") : MOMENTS;

    for (u64 round = 0; round < rounds; round++) {
        int status = -1;
        pid_t pid;

        end_at = clock_ns() + 100000;
        pid = process_create("child", end_then, (void *)6);
        if (pid < 0)
            return pid;
        while (clock_ns() < end_at - 5000)
            thread_yield();
        while (clock_ns() < end_at + 500 - round * MOMENT_NS)
            ;
        right += process_wait_for(pid, 0, &status) == pid && status == 6;
    }
    fact(FACT_NOTE, rounds, right);
    return 0;
}
