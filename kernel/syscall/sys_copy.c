/* copy_file_range(): from file to file without the program's memory, by way of a page of the kernel's. */
#include "fs/context.h"
#include "fs/inode.h"
#include "fs/memfs.h"
#include "lib/errno.h"
#include "mm/frames.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define MOST_BYTES 0x7ffff000ul

struct copying {
    struct file *in, *out;
    u64 from, to;
    size_t n;
};

static bool is(const struct file *file, u32 type)
{
    return file->inode && inode_is(file->inode, type);
}

/* What is wrong with the two files. */
static int bad_files(const struct copying *c)
{
    if (is(c->in, S_IFDIR) || is(c->out, S_IFDIR))
        return -EISDIR;
    if (!is(c->in, S_IFREG) || !is(c->out, S_IFREG))
        return -EINVAL;
    if (file_may(c->in, false) || file_may(c->out, true) || c->out->flags & O_APPEND)
        return -EBADF;
    return c->in->inode->dev == c->out->inode->dev ? 0 : -EXDEV;
}

/* What is wrong with the places; c->n becomes what there is to copy. */
static int bad_places(struct copying *c)
{
    u64 size = c->in->inode->size, end = min(MEMFS_SIZE_MAX, current_fs()->size_limit);

    if (c->from + c->n < c->from || c->to + c->n < c->to)
        return -EOVERFLOW;
    c->n = c->from < size ? min(c->n, size - c->from) : 0;
    if ((s64)c->to >= (s64)end) {
        if (end < MEMFS_SIZE_MAX)
            fs_hooks->signal_self(SIGXFSZ);
        return -EFBIG;
    }
    c->n = min(c->n, end - c->to);
    if (c->in->inode == c->out->inode && c->to + c->n > c->from && c->to < c->from + c->n)
        return -EINVAL;
    return (s64)c->from < 0 || (s64)c->to < 0 ? -EINVAL : 0;
}

static s64 copy(struct copying *c)
{
    struct frame *frame = frame_alloc(0);
    s64 done = 0, moved = 0;

    if (!frame)
        return -ENOMEM;
    while (c->n) {
        u64 from = c->from;
        struct io io = io_kernel(frame_to_virt(frame), min(c->n, PAGE_SIZE));

        io.pos = &from;
        moved = file_read(c->in, &io);
        if (moved <= 0)
            break;
        io = io_kernel(frame_to_virt(frame), (size_t)moved);
        io.pos = &c->to;
        moved = file_write(c->out, &io);
        if (moved <= 0)
            break;
        c->from += (u64)moved;
        c->n -= (size_t)moved;
        done += moved;
    }
    frame_put(frame);
    return done ? done : moved;
}

static s64 copy_range(struct copying *c, uptr from, uptr to, u32 flags)
{
    s64 result;

    c->from = c->in->offset;
    c->to = c->out->offset;
    if ((from && copyin(&c->from, from, sizeof(c->from))) || (to && copyin(&c->to, to, sizeof(c->to))))
        return -EFAULT;
    if (flags)
        return -EINVAL;
    result = bad_files(c);
    if (!result)
        result = bad_places(c);
    c->n = min(c->n, MOST_BYTES);
    if (!result && c->n)
        result = copy(c);
    if (result <= 0)
        return result;
    if (!from)
        c->in->offset = c->from;
    if (!to)
        c->out->offset = c->to;
    return (from && copyout(from, &c->from, sizeof(c->from))) || (to && copyout(to, &c->to, sizeof(c->to))) ? -EFAULT : result;
}

s64 sys_copy_file_range(int in, uptr from, int out, uptr to, size_t n, u32 flags)
{
    struct copying c = { .in = sys_file(in), .out = sys_file(out), .n = n };
    s64 result = c.in && c.out ? copy_range(&c, from, to, flags) : -EBADF;

    if (c.in)
        file_put(c.in);
    if (c.out)
        file_put(c.out);
    return result;
}
