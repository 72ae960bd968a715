/* Open files. No lock: the count is atomic, and what a file holds is its kind's affair. */
#include "fs/file.h"
#include "base/assert.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "mm/slab.h"

static struct slab_cache file_cache;
void (*file_leaves_inode)(struct file *file);
void (*file_leaves_epolls)(struct file *file);

void files_init(void)
{
    slab_cache_init(&file_cache, "file", sizeof(struct file));
}

struct file *file_new(const char *name, const struct file_ops *ops, void *data, u32 flags)
{
    struct file *file = slab_alloc(&file_cache);

    if (file) {
        file->refs = 1;
        file->flags = flags;
        file->ops = ops;
        file->name = name;
        file->data = data;
    }
    return file;
}

struct file *file_open(const char *name, int *error)
{
    struct char_device *device = device_find(name);
    struct file *file;

    *error = -ENOENT;
    if (!device)
        return NULL;
    file = file_new(device->name, device->ops, device, O_RDWR);
    *error = file ? 0 : -ENOMEM;
    return file;
}

void file_get(struct file *file)
{
    __atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *file)
{
    u32 refs = __atomic_fetch_sub(&file->refs, 1, __ATOMIC_ACQ_REL);

    ASSERT(refs, "file_put: '%s' was given back more often than taken", file->name);
    if (refs > 1)
        return;
    if (file->watches)
        file_leaves_epolls(file);
    if (file->ops->release)
        file->ops->release(file);
    if (file->inode)
        file_leaves_inode(file);
    slab_free(&file_cache, file);
}

int file_may(const struct file *file, bool write)
{
    u32 mode = file->flags & O_ACCMODE;

    if (mode != O_RDWR && mode != (write ? O_WRONLY : O_RDONLY))
        return -EBADF;
    return (write ? file->ops->write : file->ops->read) ? 0 : -EINVAL;
}

s64 file_seek(struct file *file, u64 from, s64 offset)
{
    s64 to;

    if (__builtin_add_overflow((s64)from, offset, &to) || to < 0)
        return -EINVAL;
    file->offset = (u64)to;
    return to;
}

s64 file_read(struct file *file, struct io *io)
{
    int error = file_may(file, false);

    if (error)
        return error;
    if (!io->pos)
        io->pos = &file->offset;
    return file->ops->read(file, io);
}

s64 file_write(struct file *file, struct io *io)
{
    int error = file_may(file, true);

    if (error)
        return error;
    if (!io->pos)
        io->pos = &file->offset;
    return file->ops->write(file, io);
}
