/* What processes and threads look like from inside, for people: console commands, the debugger, panic. Reads without locks,
   because a panic may come while they are held; on a running system the picture may be a little blurred. Lock: processes_lock, for
   dump_living() alone. */
#include "base/panic.h"
#include "base/printk.h"
#include "proc/table.h"
#include "sched/stat.h"

#define DUMP_FRAMES 8
#define DUMP_MOST 64 /* processes, and threads of each: a broken list may have no end */

void dump_thread(const struct thread *t)
{
    u64 rip[DUMP_FRAMES];

    printk("  thread %d (%s): %s, %s, priority %d, created by %d\n", t->tid, t->name, thread_state_name(t->state),
           t->class ? t->class->name : "-", t->priority, t->parent_tid);
    printk("    stack %#lx..%#lx, rsp %#lx, CPU %d\n", t->stack.base, t->stack.base + t->stack.size,
           t == current() ? stack_pointer() : (u64)t->rsp, t->last_cpu);
    printk("    ran %lu us in %lu turns, waited %lu us\n", thread_cpu_ns(t) / 1000, t->nr_switches, thread_wait_ns(t) / 1000);
    backtrace_print(rip, thread_backtrace(t, rip, DUMP_FRAMES));
}

static void dump_descriptors(const struct process *p)
{
    for (int fd = 0; fd < p->fds.size; fd++)
        if (p->fds.fd[fd].file)
            printk("  fd %d -> %s\n", fd, p->fds.fd[fd].file->name);
}

static void dump(const struct process *p)
{
    unsigned n = 0;

    printk("process %d (%s): parent %d, %s", p->pid, p->name, p->ppid, p->state == PROCESS_ZOMBIE ? "ZOMBIE" : "RUNNING");
    if (p->state == PROCESS_ZOMBIE)
        printk(", exit status %d", p->exit_status);
    printk("\n");
    dump_descriptors(p);
#if PHASE >= 3
    dump_owner_and_memory(p);
#endif
    list_for_each(it, &p->threads) {
        if (n++ == DUMP_MOST)
            return;
        dump_thread(list_entry(it, struct thread, owner_link));
    }
}

void dump_process(pid_t pid)
{
    list_for_each(it, &processes) {
        const struct process *p = list_entry(it, struct process, all_link);

        if (p->pid == pid) {
            dump(p);
            return;
        }
    }
    printk("no process has the id %d\n", pid);
}

void dump_all_processes(void)
{
    unsigned n = 0;

    list_for_each(it, &processes) {
        if (n++ == DUMP_MOST)
            return;
        dump(list_entry(it, struct process, all_link));
    }
}

void dump_living(pid_t pid)
{
    u64 flags = spin_lock_irq(&processes_lock);

    if (pid)
        dump_process(pid);
    else
        dump_all_processes();
    spin_unlock_irq(&processes_lock, flags);
}
