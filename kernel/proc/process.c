/* The process table, and kernel processes. Lock: processes_lock guards the table, the family tree, states and lists of threads. */
#include "proc/process.h"
#include "base/lock.h"
#include "base/panic.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "proc/wait.h"
#include "arch/trap_frame.h"
#include "sched/nice.h"
#include "sched/thread.h"

#define BUCKETS 64 /* a power of two */

struct spinlock processes_lock = SPINLOCK("processes", RANK_PROCESSES);
struct list processes = LIST_INIT(processes); /* [p] in order of creation */
static struct list buckets[BUCKETS];          /* [p] the same by id */
static struct slab_cache process_cache;
struct process first_process;

const struct thread_owner_ops process_thread_ops = { .exiting = process_thread_leaves };

static struct list *bucket_of(pid_t pid)
{
    return &buckets[pid & (BUCKETS - 1)];
}

struct process *process_find_locked(pid_t pid)
{
    list_for_each(it, bucket_of(pid)) {
        struct process *p = list_entry(it, struct process, pid_link);

        if (p->pid == pid)
            return p;
    }
    return NULL;
}

struct process *current_process(void)
{
    struct process *p = current()->owner;

    return p ? p : &first_process;
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

static void process_fill(struct process *p, const char *name)
{
    string_copy(p->name, name, sizeof(p->name));
    p->state = PROCESS_RUNNING;
    p->refs = 1;
    p->created_at = clock_ns();
    list_init(&p->threads);
    list_init(&p->all_link);
    list_init(&p->children);
    list_init(&p->sibling_link);
    list_init(&p->pid_link);
    wait_queue_init(&p->waiters, "a child");
    mutex_init(&p->space_lock, "address space");
    rb_node_init(&p->alarm.node);
    rb_node_init(&p->cpu.timer.node);
    list_init(&p->posix_timers);
    p->fs.fds = &p->fds;
    fd_table_init(&p->fds);
}

struct process *process_new(const char *name, const struct process *parent, int *error)
{
    struct process *p = slab_alloc(&process_cache);

    *error = p ? limits_inherit(p, parent) : -ENOMEM;
    if (!p || *error)
        goto fail;
    process_fill(p, name);
    p->cred = parent->cred;
    p->traits = traits_of_child(&parent->traits);
    p->oom_adj = parent->oom_adj;
    p->fds.limit = (int)p->limits.of[RLIMIT_NOFILE].now;
    if (p->limits.of[RLIMIT_CPU].now != RLIM_INFINITY)
        cpu_limit_changed(p);
    return p;

fail:
    if (p)
        slab_free(&process_cache, p);
    return NULL;
}

struct process *process_get(pid_t pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = process_find_locked(pid);

    if (p)
        p->refs++;
    spin_unlock_irq(&processes_lock, flags);
    return p;
}

void process_put(struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool last = !--p->refs;

    spin_unlock_irq(&processes_lock, flags);
    if (last)
        slab_free(&process_cache, p);
}

void process_free(struct process *p)
{
    timer_cancel(&p->alarm); /* who ends has done so, or has forgotten it (lab 3.6): it would ring in memory that is somebody else's */
    timer_cancel(&p->cpu.timer);
    signals_free(&p->signals);
    limits_leave(p);
    process_put(p);
}

void process_link(struct process *p, struct thread *t, struct process *parent)
{
    u64 flags = spin_lock_irq(&processes_lock);

    p->pid = t->tid;
    p->main_tid = t->tid;
    list_push_tail(&p->threads, &t->owner_link);
    list_push_tail(&processes, &p->all_link);
    list_push_tail(bucket_of(p->pid), &p->pid_link);
    if (parent) {
        p->parent = parent;
        p->ppid = parent->pid;
        p->pgid = parent->pgid; /* now, and not earlier: others move the parent, and would miss the child */
        p->sid = parent->sid;
        p->terminal = parent->terminal;
        p->nice = nice_of_child(current(), parent->nice);
        list_push_tail(&parent->children, &p->sibling_link);
    }
    spin_unlock_irq(&processes_lock, flags);
}

void process_forget_locked(struct process *p)
{
    list_remove(&p->all_link);
    list_remove(&p->pid_link);
    list_remove(&p->sibling_link);
}

void process_unlink_locked(struct process *p)
{
    usage_child_goes_locked(p);
    process_forget_locked(p);
}

void processes_init(struct thread *boot)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&buckets[i]);
    slab_cache_init(&process_cache, "process", sizeof(struct process));
    files_init();
    devices_init();
    process_fill(&first_process, "init");
    credentials_init(&first_process.cred);
    first_process.traits.slack_ns = first_process.traits.slack_at_first = TIMER_SLACK_NS;
    limits_init(&first_process);
    if (open_console(&first_process))
        panic("processes_init: no memory for the first process's descriptors");
    boot->owner = &first_process;
    process_link(&first_process, boot, NULL);
    panic_dump = dump_all_processes;
}

pid_t process_create(const char *name, int (*entry)(void *), void *arg)
{
    struct thread_params params = THREAD_PARAMS(name, entry, arg);
    struct thread *t;
    pid_t pid;
    int error;
    struct process *p = process_new(name, current_process(), &error);

    if (!p)
        return error;
    error = open_console(p);
    if (error)
        goto free_process;
    params.detached = true; /* whoever waits, waits for the process */
    params.owner_ops = &process_thread_ops;
    params.owner = p;
    params.stack_reserve = sizeof(struct trap_frame); /* should it go to user mode */
    t = thread_new(&params, &error);
    if (!t)
        goto close;
    process_link(p, t, current_process());
    pid = p->pid; /* once launched, the process may be waited for and gone at any time */
    thread_launch(t);
    return pid;

close:
    fd_close_all(&p->fds);
free_process:
    process_free(p);
    return error;
}

_Noreturn void process_exit(int status)
{
    thread_exit(status);
}

pid_t process_wait(pid_t pid, int *status, bool nohang)
{
    int code;
    pid_t found = process_wait_for(pid, nohang ? WNOHANG : 0, &code);

    if (found > 0 && status)
        *status = code;
    return found;
}

struct file *descriptor(pid_t pid, int fd)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = process_find_locked(pid);
    struct file *file = p ? fd_file(&p->fds, fd) : NULL;

    spin_unlock_irq(&processes_lock, flags);
    return file;
}
