/* Files of /proc as they are read: a text is made when its file is read from the beginning, and read on as it was then. Lock: the inode's
   mutex, for the text of its open files. */
#include "fs/abi.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/show.h"

/* Makes the text anew, in a buffer that it fits into. Returns 0, -ESRCH or -ENOMEM. The inode's mutex held. */
static int make_text(struct file *file)
{
    size_t room = 1024;

    for (;;) {
        struct text *text = kmalloc(sizeof(*text) + room);
        int error;

        if (!text)
            return -ENOMEM;
        *text = (struct text){ .at = (char *)(text + 1), .size = room };
        error = proc_show(file->inode, text);
        if (!error && text->used < room) {
            kfree(file->data);
            file->data = text;
            return 0;
        }
        room = text->used + KIB(1); /* what it is about may have grown meanwhile: try again */
        kfree(text);
        if (error || room > KMALLOC_MAX - sizeof(*text))
            return error ? error : -ENOMEM;
    }
}

static s64 read_locked(struct file *file, struct io *io)
{
    const struct text *text;
    size_t n;
    int error = *io->pos && file->data ? 0 : make_text(file);

    if (error)
        return error;
    text = file->data;
    n = *io->pos < text->used ? min(text->used - *io->pos, io->left) : 0;
    if (n && io_put(io, text->at + *io->pos, n))
        return -EFAULT;
    *io->pos += n;
    return (s64)n;
}

static s64 text_read(struct file *file, struct io *io)
{
    s64 result;

    mutex_lock(&file->inode->lock);
    result = read_locked(file, io);
    mutex_unlock(&file->inode->lock);
    return result;
}

static s64 text_lseek(struct file *file, s64 offset, int whence)
{
    s64 result = -EINVAL;

    mutex_lock(&file->inode->lock);
    if (whence == SEEK_SET || whence == SEEK_CUR)
        result = file_seek(file, whence == SEEK_CUR ? file->offset : 0, offset);
    mutex_unlock(&file->inode->lock);
    return result;
}

static void text_release(struct file *file)
{
    kfree(file->data);
}

/* A name: what is written at once, up to the end of its line. */
static s64 comm_write(struct file *file, struct io *io)
{
    char name[THREAD_NAME_MAX] = "";
    size_t n = min(io->left, sizeof(name) - 1), all = io->left;
    int error = io_get(io, name, n) ? -EFAULT : 0;

    for (size_t i = 0; i < n; i++)
        if (name[i] == '\n')
            name[i] = 0;
    if (!error)
        error = comm_set(proc_shown(file->inode), name);
    return error ? error : (s64)all;
}

/* A number: what is written at once. */
static s64 oom_write(struct file *file, struct io *io)
{
    char text[16] = "";
    size_t all = io->left;
    bool minus;
    s64 n = 0;
    const char *at = text;
    int error = all < sizeof(text) ? 0 : -EINVAL;

    if (!error)
        error = io_get(io, text, all) ? -EFAULT : 0;
    minus = *at == '-';
    for (at += minus; *at >= '0' && *at <= '9'; at++)
        n = n * 10 + *at - '0';
    if (!error && ((*at && *at != '\n') || at == text + minus))
        error = -EINVAL;
    if (!error)
        error = oom_adj_set(proc_shown(file->inode), minus ? -n : n);
    return error ? error : (s64)all;
}

const struct file_ops proc_oom_files = { .read = text_read, .write = oom_write, .lseek = text_lseek, .release = text_release };
const struct file_ops proc_comm_files = { .read = text_read, .write = comm_write, .lseek = text_lseek, .release = text_release };
const struct file_ops proc_text_files = { .read = text_read, .lseek = text_lseek, .release = text_release };
