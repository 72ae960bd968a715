/* The contents of files in memory: an array of page frames, so that what is mapped or executed is the file's own pages. Bytes behind the
   end of a file in its last page are zero. Lock: the inode's mutex; the array also a spinlock, so that a page fault can find a page while
   somebody, perhaps the same thread, reads or writes the file. */
#include "fs/memfs.h"
#include "fs/context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace.h"
#include "mm/slab.h"

#define PAGES_MIN 8 /* entries that an array begins with */
#define BLOCKS (PAGE_SIZE / 512)

u64 memfs_used;

u64 memfs_room(void)
{
    return frames_total() / 2;
}

/* One page more is a file's, if there is room for it. */
static bool one_more(void)
{
    bool room = __atomic_add_fetch(&memfs_used, 1, __ATOMIC_RELAXED) <= memfs_room();

    if (!room)
        __atomic_sub_fetch(&memfs_used, 1, __ATOMIC_RELAXED);
    return room;
}

/* A page of a file's, zeroed, that counts. NULL with *error = -ENOSPC or -ENOMEM. */
static struct frame *new_page(int *error)
{
    struct frame *frame = NULL;

    *error = -ENOSPC;
    if (one_more()) {
        *error = -ENOMEM;
        frame = page_new();
        if (!frame)
            __atomic_sub_fetch(&memfs_used, 1, __ATOMIC_RELAXED);
    }
    return frame;
}

static void free_page(struct frame *frame)
{
    frame_put(frame);
    __atomic_sub_fetch(&memfs_used, 1, __ATOMIC_RELAXED);
}

static u64 in_page(u64 pos)
{
    return pos & (PAGE_SIZE - 1);
}

/* Room for page number `index` in the array. */
static int reach(struct memfs_contents *c, u64 index)
{
    u64 pages = max(max(index + 1, 2 * c->pages), (u64)PAGES_MIN);
    struct frame **more, **before = c->page;
    u64 flags;

    if (index < c->pages)
        return 0;
    if (pages * sizeof(*more) > KMALLOC_MAX)
        pages = index + 1;
    if (pages * sizeof(*more) > KMALLOC_MAX)
        return -EFBIG;
    more = kmalloc(pages * sizeof(*more));
    if (!more)
        return -ENOMEM;
    flags = spin_lock_irq(&c->lock);
    memcpy(more, before, c->pages * sizeof(*more));
    c->page = more;
    c->pages = pages;
    spin_unlock_irq(&c->lock, flags);
    kfree(before);
    return 0;
}

static void *page_at(const struct memfs_contents *c, u64 pos)
{
    u64 index = pos >> PAGE_SHIFT;

    return index < c->pages && c->page[index] ? frame_to_virt(c->page[index]) : NULL;
}

/* The page at pos, made of zeros if it is a hole. NULL with *error. */
static void *make_page(struct inode *inode, struct memfs_contents *c, u64 pos, int *error)
{
    void *page = page_at(c, pos);
    struct frame *frame, *there;
    u64 flags;

    if (page)
        return page;
    *error = reach(c, pos >> PAGE_SHIFT);
    if (*error)
        return NULL;
    frame = new_page(error);
    if (!frame)
        return NULL;
    flags = spin_lock_irq(&c->lock);
    there = c->page[pos >> PAGE_SHIFT]; /* a page fault may have been faster */
    if (!there) {
        c->page[pos >> PAGE_SHIFT] = frame;
        (void)__atomic_add_fetch(&inode->blocks, BLOCKS, __ATOMIC_RELAXED);
    }
    spin_unlock_irq(&c->lock, flags);
    if (there)
        free_page(frame);
    return frame_to_virt(there ? there : frame);
}

static s64 file_read_locked(struct inode *inode, struct io *io)
{
    const struct memfs_contents *c = memfs_contents_of(inode);
    s64 done = 0;

    while (io->left && *io->pos < inode->size) {
        const char *page = page_at(c, *io->pos);
        u64 from = in_page(*io->pos);
        size_t n = min(min(io->left, PAGE_SIZE - from), inode->size - *io->pos);

        if (page ? io_put(io, page + from, n) : io_zero(io, n))
            return done ? done : -EFAULT;
        *io->pos += n;
        done += (s64)n;
    }
    if (inode->atime <= inode->mtime)
        inode->atime = fs_now();
    return done;
}

static s64 memfs_read(struct file *file, struct io *io)
{
    struct inode *inode = file->inode;
    s64 result;

    mutex_lock(&inode->lock);
    result = file_read_locked(inode, io);
    mutex_unlock(&inode->lock);
    return result;
}

/* n bytes into one page. Returns 0 or an error, and then no byte behind the file's end has changed. */
static int write_part(struct inode *inode, struct memfs_contents *c, struct io *io, size_t n)
{
    u64 pos = *io->pos, end = max(pos, inode->size);
    int error;
    char *page = make_page(inode, c, pos, &error);

    if (!page)
        return error;
    if (!io_get(io, page + in_page(pos), n))
        return 0;
    if (pos + n > end)
        memset(page + in_page(end), 0, pos + n - end);
    return -EFAULT;
}

/* No byte may be written past `end`: a process whose own limit that is hears of it. */
static int file_too_big(u64 end)
{
    if (end < MEMFS_SIZE_MAX)
        fs_hooks->signal_self(SIGXFSZ);
    return -EFBIG;
}

static s64 file_write_locked(struct inode *inode, struct io *io)
{
    struct memfs_contents *c = memfs_contents_of(inode);
    s64 done = 0;

    while (io->left) {
        u64 pos = *io->pos;
        u64 end = min(MEMFS_SIZE_MAX, current_fs()->size_limit);
        size_t n = pos < end ? min(min(io->left, PAGE_SIZE - in_page(pos)), end - pos) : 0;
        int error = n ? write_part(inode, c, io, n) : file_too_big(end);

        if (error)
            return done ? done : error;
        *io->pos += n;
        done += (s64)n;
        inode->size = max(inode->size, *io->pos);
    }
    return done;
}

static s64 memfs_write(struct file *file, struct io *io)
{
    struct inode *inode = file->inode;
    s64 result;

    mutex_lock(&inode->lock);
    if ((file->flags & O_APPEND || io->append) && io->left)
        *io->pos = inode->size;
    result = file_write_locked(inode, io);
    if (result > 0) {
        inode->mtime = inode->ctime = fs_now();
        inode_lose_set_ids(inode);
    }
    mutex_unlock(&inode->lock);
    return result;
}

int memfs_truncate(struct inode *inode, u64 size)
{
    struct memfs_contents *c = memfs_contents_of(inode);
    char *last = page_at(c, size);
    u64 flags;

    if (size > inode->size && size > current_fs()->size_limit)
        return file_too_big(current_fs()->size_limit);
    if (size > MEMFS_SIZE_MAX)
        return -EFBIG;
    if (last && size < inode->size)
        memset(last + in_page(size), 0, PAGE_SIZE - in_page(size));
    flags = spin_lock_irq(&c->lock);
    inode->size = size; /* first, and while no page fault is between looking at it and entering its page: none enters one behind it */
    spin_unlock_irq(&c->lock, flags);
    for (u64 index = align_up(size, PAGE_SIZE) >> PAGE_SHIFT; index < c->pages; index++) {
        struct frame *frame = c->page[index];

        if (!frame)
            continue;
        flags = spin_lock_irq(&c->lock);
        c->page[index] = NULL;
        spin_unlock_irq(&c->lock, flags);
        free_page(frame);
        (void)__atomic_sub_fetch(&inode->blocks, BLOCKS, __ATOMIC_RELAXED);
    }
    return 0;
}

static s64 memfs_lseek(struct file *file, s64 offset, int whence)
{
    struct inode *inode = file->inode;
    s64 result = -EINVAL;

    mutex_lock(&inode->lock);
    if ((u32)whence <= SEEK_END)
        result = file_seek(file, whence == SEEK_CUR ? file->offset : whence == SEEK_END ? inode->size : 0, offset);
    mutex_unlock(&inode->lock);
    return result;
}

/* The array reaches to the file's end, so that a page fault, which has not the mutex, can enter pages. */
static int memfs_share(struct file *file)
{
    struct inode *inode = file->inode;
    int error;

    mutex_lock(&inode->lock);
    error = inode->size ? reach(memfs_contents_of(inode), (inode->size - 1) >> PAGE_SHIFT) : 0;
    mutex_unlock(&inode->lock);
    return error;
}

/* A new page of zeros for a hole becomes the file's if there is room for it, also in the array, and nobody was faster. Returns what is to
   be mapped, with a reference. */
static struct frame *enter_page(struct inode *inode, struct memfs_contents *c, u64 index, struct frame *frame)
{
    u64 flags = spin_lock_irq(&c->lock);
    struct frame *there = index < c->pages && index << PAGE_SHIFT < inode->size ? c->page[index] : frame;

    if (!there && one_more()) {
        c->page[index] = frame;
        (void)__atomic_add_fetch(&inode->blocks, BLOCKS, __ATOMIC_RELAXED);
        frame_get(frame);
    } else if (there && there != frame) {
        frame_get(there);
    }
    spin_unlock_irq(&c->lock, flags);
    if (!there || there == frame)
        return frame;
    frame_put(frame);
    return there;
}

/* Without the mutex, see above. What is missing and has no room in the array is a page of zeros that only the one who maps it has. */
static struct frame *memfs_page(struct file *file, u64 index, int *error)
{
    struct memfs_contents *c = memfs_contents_of(file->inode);
    struct frame *frame = NULL;
    u64 flags;

    *error = -EIO;
    if (index << PAGE_SHIFT >= file->inode->size)
        return NULL;
    flags = spin_lock_irq(&c->lock);
    if (index < c->pages)
        frame = c->page[index];
    if (frame)
        frame_get(frame);
    spin_unlock_irq(&c->lock, flags);
    if (frame)
        return frame;
    *error = -ENOMEM;
    frame = page_new();
    return frame ? enter_page(file->inode, c, index, frame) : NULL;
}

const struct file_ops memfs_file_ops = { .read = memfs_read, .write = memfs_write, .lseek = memfs_lseek, .page = memfs_page,
                                         .share = memfs_share };
