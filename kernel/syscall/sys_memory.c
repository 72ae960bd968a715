/* System calls on memory. Lock: the address space's. */
#include "fs/fd_table.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/shared.h"
#include "proc/files.h"
#include "proc/process.h"
#include "syscall/calls.h"

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define PROT_SEM 8 /* nothing here, as on Linux */
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_SHARED_VALIDATE 3
#define MAP_TYPE 15
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_KNOWN 0xfc07f9ffu /* what MAP_SHARED_VALIDATE of a file lets pass */
#define MAP_NORESERVE 0x4000
#define MAP_HUGETLB 0x40000
#define MAP_FIXED_NOREPLACE 0x100000
#define DEVICE_ZERO 0x105
#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4
#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#define MADV_DONTNEED 4
#define MMAP_TOP (USER_END - MIB(128)) /* below what a stack may grow to */

/* What no machine of this size has. Programs may have more than there is, but not in one piece, unless they say that they know. */
static bool is_too_much(size_t size)
{
    return size >> PAGE_SHIFT > frames_total();
}

s64 sys_brk(uptr end)
{
    struct process *p = current_process();
    uptr at, before;

    mutex_lock(&p->space_lock);
    before = p->space->heap_end;
    at = end > before && is_too_much(end - before) ? before : aspace_brk(p->space, end);
    if (at > before)
        aspace_lock_new(p->space, align_down(before, PAGE_SIZE), align_up(at, PAGE_SIZE) - align_down(before, PAGE_SIZE));
    mutex_unlock(&p->space_lock);
    return (s64)at;
}

static u32 access_of(int protection)
{
    return (protection & PROT_READ ? ACCESS_READ : 0) | (protection & PROT_WRITE ? ACCESS_WRITE : 0) |
           (protection & PROT_EXEC ? ACCESS_EXEC : 0);
}

/* Whole pages that are the program's to have. */
static bool good_range(uptr at, size_t size)
{
    return !(at & (PAGE_SIZE - 1)) && size && size <= USER_END && at <= USER_END - size;
}

/* What is wrong with the size, or with where it is to be. */
static int bad_place(uptr at, size_t size, int flags)
{
    if (!size)
        return -EINVAL;
    size = align_up(size, PAGE_SIZE);
    if (!size || size > USER_END)
        return -ENOMEM;
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
        return 0;
    if (at > USER_END - size)
        return -ENOMEM;
    if (at & (PAGE_SIZE - 1))
        return -EINVAL;
    return at < USER_START ? -EPERM : 0;
}

/* A mapping of it is memory without a file. */
static bool is_zero(const struct file *file)
{
    return file->inode && inode_is(file->inode, S_IFCHR) && file->inode->rdev == DEVICE_ZERO;
}

/* Why so much of the file, from `offset` on, cannot be mapped so. */
static int bad_mapping(const struct file *file, size_t size, int protection, int flags, u64 offset)
{
    int type = flags & MAP_TYPE;

    if (offset > INT64_MAX - align_up(size, PAGE_SIZE))
        return -EOVERFLOW;
    if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (type == MAP_SHARED_VALIDATE && (u32)flags & ~MAP_KNOWN)
        return -EOPNOTSUPP;
    if (type != MAP_PRIVATE && protection & PROT_WRITE && file_may(file, true))
        return -EACCES;
    if ((file->flags & O_ACCMODE) == O_WRONLY || (file->flags & O_ACCMODE) == O_ACCMODE)
        return -EACCES;
    return file->ops->page || is_zero(file) ? 0 : -ENODEV;
}

/* Memory that the program can fill with what is its own. */
static bool counts(int protection, int flags)
{
    if (flags & MAP_NORESERVE)
        return false;
    return (flags & MAP_TYPE) == MAP_PRIVATE ? protection & PROT_WRITE : (flags & MAP_ANONYMOUS) != 0;
}

/* Chooses where, and maps. The object's reference stays the caller's. */
static s64 place(struct process *p, vm_region_t *region, uptr at, size_t size, int flags)
{
    int error = -ENOMEM;

    mutex_lock(&p->space_lock);
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
        at = aspace_place(p->space, at, size, MMAP_TOP);
    else if (flags & MAP_FIXED_NOREPLACE && !aspace_is_free(p->space, at, size))
        error = -EEXIST, at = 0;
    if (at) {
        region->start = at;
        region->end = at + size;
        error = aspace_map(p->space, region);
    }
    if (!error)
        aspace_lock_new(p->space, at, size);
    mutex_unlock(&p->space_lock);
    return error ? error : (s64)at;
}

s64 sys_mmap(uptr at, size_t size, int protection, int flags, int fd, s64 offset)
{
    int type = flags & MAP_TYPE, error;
    struct file *file = NULL;
    vm_region_t region = { .access = access_of(protection), .flags = type == MAP_PRIVATE ? 0 : VM_SHARED,
                          .first = (u64)offset >> PAGE_SHIFT };
    s64 result;

    if ((u64)offset & (PAGE_SIZE - 1))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS)) {
        file = fd_file(&current_process()->fds, fd);
        if (!file)
            return -EBADF;
    }
    error = bad_place(at, size, flags);
    if (!error && file)
        error = flags & MAP_HUGETLB ? -EINVAL : bad_mapping(file, size, protection, flags, (u64)offset);
    else if (!error && type != MAP_PRIVATE && type != MAP_SHARED)
        error = -EINVAL;
    size = align_up(size, PAGE_SIZE);
    if (!error && (flags & MAP_HUGETLB || (counts(protection, flags) && is_too_much(size))))
        error = -ENOMEM; /* there are no large pages */
    if (!error && flags & MAP_NORESERVE)
        region.flags |= VM_NO_RESERVE;
    if (!error && file)
        region.flags |= type != MAP_PRIVATE && file_may(file, true) ? VM_READ_ONLY : 0;
    if (!error && file && is_zero(file)) {
        file_put(file);
        file = NULL;
    }
    if (error) {
        region.ops = NULL;
    } else if (file) {
        region.ops = &file_vm_ops;
        region.object = file;
        error = (region.flags & (VM_SHARED | VM_READ_ONLY)) == VM_SHARED && file->ops->share ? file->ops->share(file) : 0;
    } else if (type != MAP_PRIVATE) {
        region.ops = &shared_memory_ops;
        region.object = shared_memory_new(size >> PAGE_SHIFT);
        region.first = 0;
        error = region.object ? 0 : -ENOMEM;
    } else {
        region.first = 0;
    }
    if (error && file)
        file_put(file);
    if (error)
        return error;
    result = place(current_process(), &region, at, size, flags);
    if (region.ops)
        region.ops->put(region.object);
    return result;
}

s64 sys_munmap(uptr at, size_t size)
{
    struct process *p = current_process();
    int error;

    size = align_up(size, PAGE_SIZE);
    if (!good_range(at, size))
        return -EINVAL;
    mutex_lock(&p->space_lock);
    error = aspace_unmap(p->space, at, size);
    mutex_unlock(&p->space_lock);
    return error;
}

s64 sys_mprotect(uptr at, size_t size, int protection)
{
    struct process *p = current_process();
    int error;

    if (at & (PAGE_SIZE - 1))
        return -EINVAL;
    if (!size)
        return 0;
    size = align_up(size, PAGE_SIZE);
    if (at + size <= at)
        return -ENOMEM;
    if (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
        return -EINVAL;
    if (!good_range(at, size))
        return -ENOMEM;
    mutex_lock(&p->space_lock);
    error = aspace_protect(p->space, at, size, access_of(protection));
    mutex_unlock(&p->space_lock);
    return error;
}

static bool is_counted(const vm_region_t *region)
{
    return !region->ops && region->access & ACCESS_WRITE && !(region->flags & VM_NO_RESERVE);
}

s64 sys_mremap(uptr at, size_t old_size, size_t new_size, int flags, uptr to)
{
    struct process *p = current_process();
    bool fixed = flags & MREMAP_FIXED;
    s64 result;

    old_size = align_up(old_size, PAGE_SIZE);
    new_size = align_up(new_size, PAGE_SIZE);
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED) || at & (PAGE_SIZE - 1) || !new_size || new_size > USER_END)
        return -EINVAL;
    if (fixed && (!(flags & MREMAP_MAYMOVE) || !good_range(to, new_size) || (at < to + new_size && to < at + old_size)))
        return -EINVAL;
    mutex_lock(&p->space_lock);
    if (!region_find(p->space, at))
        result = -EFAULT;
    else if (old_size > new_size && old_size > USER_END - at)
        result = -EINVAL;
    else if (new_size > old_size && is_counted(region_find(p->space, at)) && is_too_much(new_size - old_size))
        result = -ENOMEM;
    else if (!fixed)
        result = aspace_resize(p->space, at, old_size, new_size, flags & MREMAP_MAYMOVE, MMAP_TOP);
    else
        result = to < USER_START ? -EPERM : aspace_move(p->space, at, old_size, new_size, to);
    mutex_unlock(&p->space_lock);
    return result;
}

/* A mapped page is the file's own: there is nothing to write back. */
s64 sys_msync(uptr at, size_t size, int flags)
{
    struct process *p = current_process();
    int error;

    size = align_up(size, PAGE_SIZE);
    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || at & (PAGE_SIZE - 1) || (flags & MS_ASYNC && flags & MS_SYNC))
        return -EINVAL;
    if (!size)
        return 0;
    if (!good_range(at, size))
        return -ENOMEM;
    mutex_lock(&p->space_lock);
    error = aspace_has_all(p->space, at, size) ? 0 : -ENOMEM;
    mutex_unlock(&p->space_lock);
    return error;
}

s64 sys_madvise(uptr at, size_t size, int advice)
{
    struct process *p = current_process();
    size_t whole = align_up(size, PAGE_SIZE);
    bool all;

    if (advice < 0 || advice > MADV_DONTNEED || at & (PAGE_SIZE - 1) || (size && !whole) || at + whole < at)
        return -EINVAL;
    if (!whole)
        return 0;
    if (!good_range(at, whole))
        return -ENOMEM;
    mutex_lock(&p->space_lock);
    if (advice == MADV_DONTNEED) /* all others are hints; this one is a promise: what was there is gone */
        aspace_forget(p->space, at, whole);
    all = aspace_has_all(p->space, at, whole);
    mutex_unlock(&p->space_lock);
    return all ? 0 : -ENOMEM;
}
