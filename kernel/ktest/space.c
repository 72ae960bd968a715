/* A process for ktests of address spaces: space.h. */
#include "ktest/space.h"
#include "arch/user.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "proc/process.h"
#include "proc/user_thread.h"

static int (*wanted)(struct address_space *space);

static int space_begin(struct process *p, struct thread *me)
{
    struct address_space *space = aspace_new();
    int error = space ? signals_new(&p->signals, NULL) : -ENOMEM;
    u64 flags;

    if (!error)
        error = user_thread_prepare(me, space->root);
    if (error) {
        if (space)
            aspace_free(space);
        return error;
    }
    fs_context_copy(&p->fs, current_fs());
    p->pgid = p->sid = p->pid;
    p->space = space;
    flags = irq_save();
    user_context_load(me->user);
    irq_restore(flags);
    return 0;
}

static void space_end(struct process *p, struct thread *me)
{
    struct address_space *space = p->space;

    user_space_leave(me->user);
    p->space = NULL;
    aspace_free(space);
    fs_context_end(&p->fs);
    fd_close_all(&p->fds);
}

static int begin(void *unused)
{
    struct process *p = current_process();
    int error = space_begin(p, current());

    (void)unused;
    if (error) {
        fd_close_all(&p->fds);
        return error;
    }
    error = wanted(p->space);
    space_end(p, current());
    return error;
}

int run_in_space(int (*test)(struct address_space *space))
{
    int status = 0;
    pid_t pid, waited;

    wanted = test;
    pid = process_create("space", begin, NULL);
    if (pid < 0)
        return pid;
    waited = process_wait(pid, &status, false);
    return waited < 0 ? waited : status;
}

int map_pages(struct address_space *space, uptr start, size_t n, u32 access)
{
    return aspace_map(space, &(vm_region_t){ .start = start, .end = start + n * PAGE_SIZE, .access = access });
}

u64 entry_of(paddr_t root, uptr va, unsigned level)
{
    u64 entry = root | PTE_PRESENT;

    for (unsigned at = 4; at >= level; at--) {
        if (!(entry & PTE_PRESENT))
            return 0;
        entry = ((const u64 *)phys_to_virt(entry & PTE_ADDRESS))[va >> (PAGE_SHIFT + 9 * (at - 1)) & 511];
    }
    return entry;
}

u64 entries_used(paddr_t root)
{
    u64 used = 0;

    for (unsigned i = 0; i < 256; i++)
        used += ((const u64 *)phys_to_virt(root))[i] != 0;
    return used;
}
