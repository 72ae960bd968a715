/* Children for ktests: child.h. */
#include "ktest/child.h"
#include "arch/user.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "mm/shared.h"
#include "proc/fork.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/thread.h"

#define TURNS 200 /* of the child, at most, for one order */
#define ORDER_EXIT 1
#define ORDER_READ 2

extern const char child_code[], child_code_end[];

/* The shared page, as the kernel reaches it. */
static volatile u64 *orders(void)
{
    return phys_to_virt(entry_of(current_process()->space->root, CHILD_SHARED, 1) & PTE_ADDRESS);
}

static int map_shared(struct address_space *space)
{
    void *memory = shared_memory_new(1);
    vm_region_t region = {
        .start = CHILD_SHARED, .end = CHILD_SHARED + PAGE_SIZE, .access = ACCESS_READ | ACCESS_WRITE, .flags = VM_SHARED,
        .ops = &shared_memory_ops, .object = memory,
    };
    int error = memory ? aspace_map(space, &region) : -ENOMEM;

    if (memory)
        shared_memory_ops.put(memory); /* the region has a reference of its own */
    return error ? error : aspace_fault(space, CHILD_SHARED, true, false);
}

int child_prepare(struct address_space *space)
{
    int error = map_pages(space, CHILD_CODE, 1, ACCESS_READ | ACCESS_WRITE);

    if (!error)
        error = aspace_write(space, CHILD_CODE, child_code, (size_t)(child_code_end - child_code));
    if (!error)
        error = aspace_protect(space, CHILD_CODE, PAGE_SIZE, ACCESS_READ | ACCESS_EXEC);
    return error ? error : map_shared(space);
}

struct process *child_of(pid_t pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *child = process_find_locked(pid);

    spin_unlock_irq(&processes_lock, flags);
    return child;
}

/* Whatever is forked next runs the program, and finds this order. */
static void begin_with(u64 order)
{
    struct trap_frame *frame = user_frame(current()->user);

    orders()[0] = order;
    user_frame_init(frame, CHILD_CODE, 0);
    frame->rbx = CHILD_SHARED;
    frame->r13 = CHILD_VALUE;
}

pid_t child_fork_to_end(bool share)
{
    begin_with(ORDER_EXIT);
    return process_fork(&(struct fork_options){ .share = share });
}

pid_t child_fork(void)
{
    struct process *child;
    pid_t pid;

    begin_with(0);
    pid = process_fork(&(struct fork_options){ 0 });
    child = pid > 0 ? child_of(pid) : NULL;
    if (child && child->space == current_process()->space)
        child->lent = true; /* a mistake, which is seen by what the two read; and the space is given back once */
    return pid;
}

static bool obeys(u64 order)
{
    orders()[0] = order;
    for (unsigned turn = 0; turn < TURNS && orders()[0]; turn++)
        thread_yield();
    return !orders()[0];
}

bool child_writes(uptr va)
{
    return obeys(va);
}

bool child_reads(uptr va, u64 *value)
{
    bool did = obeys(va | ORDER_READ);

    *value = orders()[1];
    return did;
}

/* Yields until it has ended; what lab 3.6 has not given back goes back. False: it does not end. */
static bool ends(struct process *child)
{
    for (unsigned turn = 0; turn < TURNS && child->state != PROCESS_ZOMBIE; turn++)
        thread_yield();
    if (child->state == PROCESS_ZOMBIE && child->space && !child->lent) {
        fd_close_all(&child->fds);
        fs_context_end(&child->fs);
        aspace_free(child->space);
        child->space = NULL;
    }
    return child->state == PROCESS_ZOMBIE;
}

int children_end(void)
{
    const struct list *children = &current_process()->children;
    int status = 0, error = 0;

    orders()[0] = ORDER_EXIT;
    list_for_each(it, children)
        if (!ends(list_entry(it, struct process, sibling_link)))
            return -EAGAIN;
    while (!list_empty(children))
        if (process_wait(-1, &status, false) < 0 || status != 7 << 8)
            error = -EINVAL;
    return error;
}

bool parent_writes(uptr va, u64 value)
{
    return !user_copy((void *)va, &value, sizeof(value));
}

void tell_page(u64 step, u64 who, const struct address_space *space, uptr va)
{
    u64 entry = entry_of(space->root, va, 1), a = step << 56 | who << 52 | va;

    fact(FACT_ENTRY, a, entry);
    fact(FACT_REFS, a, entry ? phys_to_frame(entry & PTE_ADDRESS)->refs : 0);
}
