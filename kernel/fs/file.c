/* Open files and descriptor tables. Lock: files_lock guards every table and every count; no device is called under it. */
#include "fs/file.h"
#include "base/assert.h"
#include "base/lock.h"
#include "lib/errno.h"
#include "mm/slab.h"

static struct spinlock files_lock = SPINLOCK("files", RANK_FILES);
static struct slab_cache file_cache;

void files_init(void)
{
    slab_cache_init(&file_cache, "file", sizeof(struct file));
}

struct file *file_open(const char *name, int *error)
{
    struct char_device *device = device_find(name);
    struct file *file;

    *error = -ENOENT;
    if (!device)
        return NULL;
    *error = -ENOMEM;
    file = slab_alloc(&file_cache);
    if (!file)
        return NULL;
    *error = 0;
    file->refs = 1;
    file->device = device;
    return file;
}

void file_get(struct file *file)
{
    u64 flags = spin_lock_irq(&files_lock);

    file->refs++;
    spin_unlock_irq(&files_lock, flags);
}

void file_put(struct file *file)
{
    u64 flags = spin_lock_irq(&files_lock);
    bool last = --file->refs == 0;

    spin_unlock_irq(&files_lock, flags);
    if (last)
        slab_free(&file_cache, file);
}

static int install_locked(struct fd_table *table, struct file *file)
{
    for (int fd = 0; fd < MAX_FDS; fd++) {
        if (table->file[fd])
            continue;
        table->file[fd] = file;
        return fd;
    }
    return -EMFILE;
}

static struct file *look_up_locked(struct fd_table *table, int fd)
{
    return fd >= 0 && fd < MAX_FDS ? table->file[fd] : NULL;
}

int fd_install(struct fd_table *table, struct file *file)
{
    u64 flags = spin_lock_irq(&files_lock);
    int fd = install_locked(table, file);

    spin_unlock_irq(&files_lock, flags);
    return fd;
}

struct file *fd_file(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&files_lock);
    struct file *file = look_up_locked(table, fd);

    if (file)
        file->refs++;
    spin_unlock_irq(&files_lock, flags);
    return file;
}

int fd_close(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&files_lock);
    struct file *file = look_up_locked(table, fd);

    if (file)
        table->file[fd] = NULL;
    spin_unlock_irq(&files_lock, flags);
    if (!file)
        return -EBADF;
    file_put(file);
    return 0;
}

int fd_dup(struct fd_table *table, int fd)
{
    u64 flags = spin_lock_irq(&files_lock);
    struct file *file = look_up_locked(table, fd);
    int copy = file ? install_locked(table, file) : -EBADF;

    if (copy >= 0)
        file->refs++;
    spin_unlock_irq(&files_lock, flags);
    return copy;
}

int fd_table_copy(struct fd_table *to, struct fd_table *from)
{
    for (int fd = 0; fd < MAX_FDS; fd++)
        to->file[fd] = fd_file(from, fd);
    return 0;
}

void fd_close_all(struct fd_table *table)
{
    for (int fd = 0; fd < MAX_FDS; fd++)
        (void)fd_close(table, fd); /* -EBADF: was closed already */
}

s64 fd_read(struct fd_table *table, int fd, void *buf, size_t n)
{
    struct file *file = fd_file(table, fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = file->device->read(buf, n);
    file_put(file);
    return result;
}

s64 fd_write(struct fd_table *table, int fd, const void *buf, size_t n)
{
    struct file *file = fd_file(table, fd);
    s64 result;

    if (!file)
        return -EBADF;
    result = file->device->write(buf, n);
    file_put(file);
    return result;
}
