/* What processes and files know of each other: files lie below processes, so what they ask goes through two tables of functions. */
#include "proc/files.h"
#include "fs/context.h"
#include "fs/path.h"
#include "proc/table.h"
#include "proc/terminal.h"

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

static const char *name(void *object, char *buf)
{
    const struct file *file = object;
    int error;
    const char *path = path_of(file->inode, buf, &error);

    return path ? path : file->name;
}

const struct vm_object_ops file_vm_ops = { .page = page, .get = get, .put = put, .name = name };

/* --- processes in files -------------------------------------------------------------------------------------------------------------- */

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

static const struct fs_hooks hooks = {
    .context = context,
    .signal_self = signal_self,
    .signal_foreground = terminal_signal,
    .background = terminal_background,
    .has_terminal = terminal_is_mine,
    .terminal_opened = terminal_opened,
    .terminal_control = terminal_control,
};

void process_files_init(void)
{
    kernel_context = current_fs();
    fs_hooks = &hooks;
}
