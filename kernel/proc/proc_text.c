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

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A digit's value; of what is none, more than any base. */
static unsigned digit(char c)
{
    char low = c | 0x20;

    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : low >= 'a' && low <= 'f' ? (unsigned)(low - 'a') + 10 : 16;
}

/* Reads a number as Linux does: blanks around it, a sign, 0x in front of what is hexadecimal, 0 of what is octal. Returns 0; -EINVAL: it is
   none; -ERANGE: no int holds it. */
static int read_number(const char *at, s64 *number)
{
    unsigned base = 10;
    bool minus;
    s64 n = 0;

    while (blank(*at))
        at++;
    minus = *at == '-';
    at += minus || *at == '+';
    if (*at == '0') {
        base = (at[1] | 0x20) == 'x' && digit(at[2]) < 16 ? 16 : 8;
        at += base == 16 ? 2 : 0;
    }
    if (digit(*at) >= base)
        return -EINVAL;
    for (; digit(*at) < base; at++)
        n = n * base + digit(*at);
    while (blank(*at))
        at++;
    *number = minus ? -n : n;
    return *at ? -EINVAL : *number == (int)*number ? 0 : -ERANGE;
}

/* A number: what is written at once, and of that no more than a number needs. */
static s64 oom_write(struct file *file, struct io *io)
{
    char text[13] = "";
    size_t n = min(io->left, sizeof(text) - 1);
    int error = io_get(io, text, n) ? -EFAULT : 0;
    s64 adj;

    if (!error)
        error = read_number(text, &adj);
    if (!error)
        error = oom_adj_set(proc_shown(file->inode), adj);
    return error ? error : (s64)n;
}

const struct file_ops proc_oom_files = { .read = text_read, .write = oom_write, .lseek = text_lseek, .release = text_release };
const struct file_ops proc_comm_files = { .read = text_read, .write = comm_write, .lseek = text_lseek, .release = text_release };
const struct file_ops proc_text_files = { .read = text_read, .lseek = text_lseek, .release = text_release };
