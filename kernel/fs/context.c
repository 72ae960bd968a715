/* The kernel threads' own context, and the start of everything in fs. */
#include "fs/context.h"
#include "fs/event_file.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "fs/memfs.h"
#include "fs/node.h"
#include "fs/pipe.h"
#include "fs/record_lock.h"
#include "fs/timer_file.h"
#include "fs/tty.h"
#include "lib/errno.h"

static struct fd_table kernel_fds;
static struct fs_context kernel_context = { .fds = &kernel_fds, .umask = 022, .size_limit = ~0ul };

static struct fs_context *get_kernel_context(void)
{
    return &kernel_context;
}

static void signal_nobody(int signal)
{
    (void)signal;
}

static int goes_on(int signal)
{
    (void)signal;
    return 0;
}

static bool has_terminal(void)
{
    return true;
}

static void nobody_opens(const struct file *file)
{
    (void)file;
}

static s64 nobody_controls(const struct file *file, u32 command, uptr arg)
{
    (void)file, (void)command, (void)arg;
    return -ENOTTY;
}

static const struct fs_hooks kernel_hooks = {
    .context = get_kernel_context,
    .signal_self = signal_nobody,
    .signal_foreground = signal_nobody,
    .background = goes_on,
    .has_terminal = has_terminal,
    .terminal_opened = nobody_opens,
    .terminal_control = nobody_controls,
};

const struct fs_hooks *fs_hooks = &kernel_hooks;

static void close_inode(struct fd_table *table, struct file *file)
{
    if (!list_empty(&file->inode->records))
        records_end(file, table);
}

static void leave_inode(struct file *file)
{
    if (file->locked)
        flock_end(file);
    if (!list_empty(&file->inode->records))
        records_end(file, file);
    inode_count_writer(file, -1);
    inode_put(file->inode);
}

void fs_init(void)
{
    fd_table_init(&kernel_fds);
    memfs_init();
    pipes_init();
    timer_files_init();
    event_files_init();
    kernel_context.cwd = inode_get(tree_root);
    fd_closes_inode = close_inode;
    file_leaves_inode = leave_inode;
    tty_init();
    nodes_init();
}

void fs_context_copy(struct fs_context *to, struct fs_context *from)
{
    struct fd_table *fds = to->fds;

    mutex_lock(&tree_lock);
    *to = *from;
    inode_get(to->cwd);
    mutex_unlock(&tree_lock);
    to->fds = fds;
}

void fs_context_end(struct fs_context *context)
{
    struct inode *cwd;

    mutex_lock(&tree_lock); /* others may be looking */
    cwd = context->cwd;
    context->cwd = NULL;
    mutex_unlock(&tree_lock);
    inode_put(cwd);
}
