/* System calls on many descriptors, and on files that have a descriptor and no name. */
#include "fs/context.h"
#include "fs/memfs.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/table.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u
#define MFD_CLOEXEC 1u
#define MFD_EXEC 16u
#define MFD_NAME_MAX 249 /* bytes, without the 0 byte */

/* Threads that share descriptors cannot get some of their own: whoever is alone has that already. */
static bool shares_descriptors(const struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool alone = process_has_one_thread(p);

    spin_unlock_irq(&processes_lock, flags);
    return !alone;
}

s64 sys_close_range(u32 first, u32 last, u32 flags)
{
    struct fd_table *table = current_fs()->fds;

    if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
        return -EINVAL;
    if (flags & CLOSE_RANGE_UNSHARE && shares_descriptors(current_process()))
        return -EINVAL;
    for (u64 fd = first; fd <= last && fd < (u64)__atomic_load_n(&table->size, __ATOMIC_RELAXED); fd++) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            (void)fd_set_cloexec(table, (int)fd, true); /* of none: -EBADF */
        else
            (void)fd_close(table, (int)fd);
    }
    return 0;
}

/* The name is for people, and here nobody shows it: it only has to be one. */
static int bad_name(uptr name)
{
    char text[MFD_NAME_MAX + 1];
    s64 length = copyin_string(text, name, sizeof(text));

    return length == -ENAMETOOLONG ? -EINVAL : (int)min(length, 0);
}

s64 sys_memfd_create(uptr name, u32 flags)
{
    struct inode *inode;
    struct file *file;
    int fd, error;

    if (flags & ~(MFD_CLOEXEC | MFD_EXEC))
        return -EINVAL;
    error = bad_name(name);
    if (error)
        return error;
    inode = memfs_nameless(S_IFREG | 0777);
    if (!inode)
        return -ENOMEM;
    inode->nlink = 0;
    file = fs_open_inode(inode, O_RDWR | O_LARGEFILE, &error);
    if (!file)
        return error;
    fd = fd_install_from(current_fs()->fds, file, 0, flags & MFD_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}
