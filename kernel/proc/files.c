/* What files ask of processes: who runs, and whom a terminal or a pipe sends signals. Lock: processes_lock. */
#include "fs/context.h"
#include "fs/inode.h"
#include "proc/signal.h"
#include "proc/table.h"

static struct fs_context *context(void)
{
    return &current_process()->fs;
}

static void signal_self(int signal)
{
    signal_send(current_process(), signal, NULL);
}

/* Sends a group's living processes the signal, if it is not 0. Returns whether there are any. */
static bool send_group(pid_t group, int signal)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool any = false;

    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->pgid != group || p->state == PROCESS_ZOMBIE)
            continue;
        any = true;
        if (signal)
            signal_send_locked(p, signal, NULL);
    }
    spin_unlock_irq(&processes_lock, flags);
    return any;
}

static void signal_group(pid_t group, int signal)
{
    (void)send_group(group, signal);
}

static pid_t group_of_current(void)
{
    return current_process()->pgid;
}

static bool group_known(pid_t group)
{
    return send_group(group, 0);
}

/* The whole group is sent the signal; when it goes on, it tries again. */
static int background(int signal)
{
    (void)send_group(current_process()->pgid, signal);
    return -ERESTART;
}

static const struct fs_hooks hooks = {
    .context = context,
    .signal_self = signal_self,
    .signal_group = signal_group,
    .group = group_of_current,
    .group_known = group_known,
    .background = background,
};

void process_files_init(void)
{
    first_process.fs = *current_fs();
    first_process.fs.fds = &first_process.fds;
    inode_get(first_process.fs.cwd);
    fs_hooks = &hooks;
}
