/* What processes and files know of each other: files lie below processes, so what they ask goes through two tables of functions. */
#include "proc/files.h"
#include "fs/context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/table.h"
#include "proc/user_thread.h"

/* --- files in address spaces --------------------------------------------------------------------------------------------------------- */

static struct frame *page(void *object, u64 index, int *error)
{
    struct file *file = object;

    return file->ops->page(file, index, error);
}

static void get(void *object)
{
    file_get(object);
}

static void put(void *object)
{
    file_put(object);
}

static size_t name(void *object, char *to, size_t size)
{
    const struct file *file = object;

    return string_copy(to, file->path ? file->path : file->name, size);
}

const struct vm_object_ops file_vm_ops = { .page = page, .get = get, .put = put, .name = name };

/* --- processes in files
   ---------------------------------------------------------------------------------------------------------------- */

static struct fs_context *kernel_context;

static struct fs_context *context(void)
{
    struct process *p = current_process();

    return p->fs.cwd ? &p->fs : kernel_context;
}

static void signal_self(int signal)
{
    signal_send(current_process(), signal, &(struct signal_info){ .code = SI_USER, .pid = current_process()->pid });
}

static void signal_group(pid_t group, int signal)
{
    signal_send_group(group, signal, NULL);
}

static pid_t group(void)
{
    return current_process()->space ? current_process()->pgid : 0;
}

static bool group_known(pid_t pgid)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    bool known = false;

    list_for_each(it, &processes) {
        const struct process *p = list_entry(it, struct process, all_link);

        known = known || (p->pgid == pgid && p->sid == me->sid && p->state != PROCESS_ZOMBIE);
    }
    spin_unlock_irq(&processes_lock, flags);
    return known;
}

/* Who does not want to hear of it is let through to write, and told that it cannot read. */
static int background(int signal)
{
    struct process *p = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    bool deaf = user_thread(current())->blocked & SIGNAL_BIT(signal) || p->signals.action[signal - 1].handler == SIG_IGN;

    spin_unlock_irq(&processes_lock, flags);
    if (deaf)
        return signal == SIGTTIN ? -EIO : 0;
    signal_send_group(p->pgid, signal, NULL);
    return -ERESTART;
}

static const struct fs_hooks hooks = {
    .context = context,
    .signal_self = signal_self,
    .signal_group = signal_group,
    .group = group,
    .group_known = group_known,
    .background = background,
};

void process_files_init(void)
{
    kernel_context = current_fs();
    fs_hooks = &hooks;
}
