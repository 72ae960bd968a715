/* The process table. Lock: processes_lock guards the table, the family tree, states and lists of threads. */
#include "proc/process.h"
#include "base/lock.h"
#include "base/panic.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "sched/thread.h"

struct spinlock processes_lock = SPINLOCK("processes", RANK_PROCESSES);
struct list processes = LIST_INIT(processes); /* [p] in order of creation */
static struct slab_cache process_cache;
static struct process first; /* process 1: the boot thread's; it adopts orphans */

static void thread_leaves(struct thread *t, int code);
static const struct thread_owner_ops owner_ops = { .exiting = thread_leaves };

static struct process *find_locked(pid_t pid)
{
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->pid == pid)
            return p;
    }
    return NULL;
}

struct process *current_process(void)
{
    struct process *p = current()->owner;

    return p ? p : &first;
}

static int open_console(struct process *p)
{
    int error;
    struct file *console = file_open("console", &error);

    if (!console)
        return error;
    /* A new table has room for three. */
    (void)fd_install(&p->fds, console);
    (void)fd_dup(&p->fds, 0);
    (void)fd_dup(&p->fds, 0);
    return 0;
}

static void process_fill(struct process *p, const char *name, pid_t ppid)
{
    string_copy(p->name, name, sizeof(p->name));
    p->ppid = ppid;
    p->state = PROCESS_RUNNING;
    p->created_at = clock_ns();
    list_init(&p->threads);
    list_init(&p->all_link);
    fd_table_init(&p->fds);
}

/* The process takes its first thread's id and becomes visible. */
static void process_link(struct process *p, struct thread *t)
{
    u64 flags = spin_lock_irq(&processes_lock);

    p->pid = t->tid;
    p->main_tid = t->tid;
    list_push_tail(&p->threads, &t->owner_link);
    list_push_tail(&processes, &p->all_link);
    spin_unlock_irq(&processes_lock, flags);
}

void processes_init(struct thread *boot)
{
    slab_cache_init(&process_cache, "process", sizeof(struct process));
    files_init();
    devices_init();
    process_fill(&first, "init", 0);
    if (open_console(&first))
        panic("processes_init: no memory for the first process's descriptors");
    boot->owner = &first;
    process_link(&first, boot);
    panic_dump = dump_all_processes;
}

pid_t process_create(const char *name, int (*entry)(void *), void *arg)
{
    struct thread_params params = THREAD_PARAMS(name, entry, arg);
    struct process *p = slab_alloc(&process_cache);
    struct thread *t;
    pid_t pid;
    int error;

    if (!p)
        return -ENOMEM;
    process_fill(p, name, current_process()->pid);
    error = open_console(p);
    if (error)
        goto free_process;
    params.detached = true; /* whoever waits, waits for the process */
    params.owner_ops = &owner_ops;
    params.owner = p;
    t = thread_new(&params, &error);
    if (!t)
        goto close;
    process_link(p, t);
    pid = p->pid; /* once launched, the process may be waited for and gone at any time */
    thread_launch(t);
    return pid;

close:
    fd_close_all(&p->fds);
free_process:
    slab_free(&process_cache, p);
    return error;
}

/* The children of a process that ends are process 1's from now on. */
static void orphan_children_locked(pid_t pid)
{
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->ppid == pid)
            p->ppid = first.pid;
    }
}

static void thread_leaves(struct thread *t, int code)
{
    struct process *p = t->owner;
    u64 flags = spin_lock_irq(&processes_lock);
    bool last;

    list_remove(&t->owner_link);
    last = list_empty(&p->threads);
    spin_unlock_irq(&processes_lock, flags);
    t->owner = NULL; /* the process may be waited for and freed before this thread is off its stack */
    if (!last)
        return;
    fd_close_all(&p->fds);
    flags = spin_lock_irq(&processes_lock);
    orphan_children_locked(p->pid);
    p->exit_status = code;
    p->state = PROCESS_ZOMBIE;
    wait_over(find_locked(p->ppid));
    spin_unlock_irq(&processes_lock, flags);
}

_Noreturn void process_exit(int status)
{
    thread_exit(status);
}

/* A child that fits: a zombie if there is one. *any tells whether there is any child that fits at all. */
static struct process *zombie_child_locked(pid_t parent, pid_t pid, bool *any)
{
    *any = false;
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->ppid != parent || (pid != -1 && p->pid != pid))
            continue;
        *any = true;
        if (p->state == PROCESS_ZOMBIE)
            return p;
    }
    return NULL;
}

/* Looks once for a child that has ended and, if there is one, takes it out of the table. Returns its pid, 0 (none yet) or -ECHILD. */
static pid_t collect_child(pid_t parent, pid_t pid, int *status)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool any;
    struct process *p = zombie_child_locked(parent, pid, &any);

    if (p)
        list_remove(&p->all_link);
    spin_unlock_irq(&processes_lock, flags);
    if (!p)
        return any ? 0 : -ECHILD;
    pid = p->pid;
    if (status)
        *status = p->exit_status;
    slab_free(&process_cache, p);
    return pid;
}

pid_t process_wait(pid_t pid, int *status, bool nohang)
{
    struct process *me = current_process();
    int error = 0;

    while (!error) {
        pid_t found;

        wait_prepare(me);
        found = collect_child(me->pid, pid, status);
        if (found || nohang) {
            wait_cancel();
            return found;
        }
        error = wait_step(me);
    }
    return error;
}

struct file *descriptor(pid_t pid, int fd)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = find_locked(pid);
    struct file *file = p ? fd_file(&p->fds, fd) : NULL;

    spin_unlock_irq(&processes_lock, flags);
    return file;
}
