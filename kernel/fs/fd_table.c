/* Descriptor tables. Lock: each table's own; no file is read, written or closed under it. */
#include "fs/fd_table.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

void (*fd_closes_inode)(struct fd_table *table, struct file *file);

/* The descriptor's reference goes. */
static void let_go(struct fd_table *table, struct file *file)
{
    if (file->inode)
        fd_closes_inode(table, file);
    file_put(file);
}

void fd_table_init(struct fd_table *table)
{
    *table = (struct fd_table){ .fd = table->first, .size = MAX_FDS, .limit = MAX_FDS };
    spin_init(&table->lock, "descriptors", RANK_FILES);
}

/* Room for `least` descriptors and some more. */
static int grow_locked(struct fd_table *table, int least)
{
    int size = min(max(least, 2 * table->size), table->limit);
    struct fd *more = kmalloc((size_t)size * sizeof(*more));

    if (!more)
        return -ENOMEM;
    memcpy(more, table->fd, (size_t)table->size * sizeof(*more));
    if (table->fd != table->first)
        kfree(table->fd);
    table->fd = more;
    table->size = size;
    return 0;
}

/* Sees to it that descriptor fd has a place. */
static int reach_locked(struct fd_table *table, int fd)
{
    if (fd >= table->limit)
        return -EMFILE;
    return fd < table->size ? 0 : grow_locked(table, fd + 1);
}

/* The lowest free descriptor that is not below `least`, or an error. */
static int find_free_locked(struct fd_table *table, int least)
{
    int fd = max(least, table->lowest);
    int error;

    while (fd < table->size && table->fd[fd].file)
        fd++;
    error = reach_locked(table, fd);
    return error ? error : fd;
}

static int install_locked(struct fd_table *table, struct file *file, int least, bool cloexec)
{
    int fd = find_free_locked(table, least);

    if (fd < 0)
        return fd;
    table->fd[fd] = (struct fd){ .file = file, .cloexec = cloexec };
    if (least <= table->lowest)
        table->lowest = fd + 1;
    return fd;
}

static struct file *look_up_locked(struct fd_table *table, int fd)
{
    return (u32)fd < (u32)table->size ? table->fd[fd].file : NULL;
}

static void clear_locked(struct fd_table *table, int fd)
{
    table->fd[fd] = (struct fd){ 0 };
    table->lowest = min(table->lowest, fd);
}

int fd_install_from(struct fd_table *table, struct file *file, int least, bool cloexec)
{
    u64 flags = spin_lock_irq(&table->lock);
    int fd = install_locked(table, file, least, cloexec);

    spin_unlock_irq(&table->lock, flags);
    return fd;
}

int fd_install(struct fd_table *table, struct file *file)
{
    return fd_install_from(table, file, 0, false);
}

struct file *fd_file(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&table->lock);
    struct file *file = look_up_locked(table, fd);

    if (file)
        file_get(file);
    spin_unlock_irq(&table->lock, flags);
    return file;
}

int fd_close(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&table->lock);
    struct file *file = look_up_locked(table, fd);

    if (file)
        clear_locked(table, fd);
    spin_unlock_irq(&table->lock, flags);
    if (!file)
        return -EBADF;
    let_go(table, file);
    return 0;
}

int fd_dup(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&table->lock);
    struct file *file = look_up_locked(table, fd);
    int copy = file ? install_locked(table, file, 0, false) : -EBADF;

    if (copy >= 0)
        file_get(file);
    spin_unlock_irq(&table->lock, flags);
    return copy;
}

int fd_dup_to(struct fd_table *table, int fd, int copy, bool cloexec)
{
    u64 flags = spin_lock_irq(&table->lock);
    struct file *file = look_up_locked(table, fd), *before = NULL;
    int result = !file || copy < 0 ? -EBADF : copy == fd ? 0 : reach_locked(table, copy); /* a lowered limit binds no old one */

    if (result == -EMFILE)
        result = -EBADF; /* of a number that cannot be one */
    if (!result && copy != fd) {
        file_get(file);
        before = table->fd[copy].file;
        table->fd[copy] = (struct fd){ .file = file, .cloexec = cloexec };
    }
    spin_unlock_irq(&table->lock, flags);
    if (before)
        let_go(table, before);
    return result ? result : copy;
}

int fd_room(struct fd_table *table)
{
    u64 flags = spin_lock_irq(&table->lock);
    int fd = find_free_locked(table, 0);

    spin_unlock_irq(&table->lock, flags);
    return min(fd, 0);
}

int fd_cloexec(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&table->lock);
    int result = look_up_locked(table, fd) ? table->fd[fd].cloexec : -EBADF;

    spin_unlock_irq(&table->lock, flags);
    return result;
}

int fd_set_cloexec(struct fd_table *table, int fd, bool cloexec)
{
    u64 flags = spin_lock_irq(&table->lock);
    bool open = look_up_locked(table, fd) != NULL;

    if (open)
        table->fd[fd].cloexec = cloexec;
    spin_unlock_irq(&table->lock, flags);
    return open ? 0 : -EBADF;
}

int fd_table_copy(struct fd_table *to, struct fd_table *from)
{
    u64 flags = spin_lock_irq(&from->lock);
    int error;

    to->limit = max(from->limit, from->size); /* descriptors above a limit that was lowered stay */
    error = reach_locked(to, from->size - 1);
    to->limit = from->limit;
    for (int fd = 0; !error && fd < from->size; fd++) {
        to->fd[fd] = from->fd[fd];
        if (to->fd[fd].file)
            file_get(to->fd[fd].file);
    }
    to->lowest = from->lowest;
    spin_unlock_irq(&from->lock, flags);
    return error;
}

void fd_close_on_exec(struct fd_table *table)
{
    for (int fd = 0; fd < table->size; fd++)
        if (fd_cloexec(table, fd) > 0)
            (void)fd_close(table, fd);
}

void fd_close_all(struct fd_table *table)
{
    struct fd *more = NULL;
    u64 flags;

    for (int fd = 0; fd < table->size; fd++)
        (void)fd_close(table, fd); /* -EBADF: was closed already */
    flags = spin_lock_irq(&table->lock); /* others may look at the table of a process that ends (/proc) */
    if (table->fd != table->first) {
        more = table->fd;
        table->fd = memset(table->first, 0, sizeof(table->first));
        table->size = MAX_FDS;
    }
    spin_unlock_irq(&table->lock, flags);
    kfree(more);
}

s64 fd_read(struct fd_table *table, int fd, void *buf, size_t n)
{
    struct file *file = fd_file(table, fd);
    struct io io = io_kernel(buf, n);
    s64 result;

    if (!file)
        return -EBADF;
    result = file_read(file, &io);
    file_put(file);
    return result;
}

s64 fd_write(struct fd_table *table, int fd, const void *buf, size_t n)
{
    struct file *file = fd_file(table, fd);
    struct io io = io_kernel(buf, n);
    s64 result;

    if (!file)
        return -EBADF;
    result = file_write(file, &io);
    file_put(file);
    return result;
}
