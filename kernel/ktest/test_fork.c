/* Lab 3.4: process_fork(): what a child has, whose child it is, and what happens when there is no memory for it. */
#include "arch/user.h"
#include "fs/inode.h"
#include "ktest/child.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "proc/fork.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/control.h"
#include "sched/thread.h"

#define DATA 0x500000ul
#define BEFORE 0xbef03eul
#define LENT_STEPS 4 /* it needs more allocations than that */
#define PARENT_VALUE 0xda4e27ul

static int lay_out(struct address_space *space)
{
    int error = child_prepare(space);

    if (!error)
        error = map_pages(space, DATA, 2, ACCESS_READ | ACCESS_WRITE);
    return error ? error : aspace_write(space, DATA, &(u64){ BEFORE }, sizeof(u64));
}

/* NOTE: which, 1 if it is as it has to be; the words for each are in grade/phase3/test_4_fork.py. */
static void tell_child(const struct process *me, const struct process *child, pid_t pid)
{
    struct thread *t = list_entry(child->threads.next, struct thread, owner_link);
    struct trap_frame expected = *user_frame(current()->user);
    struct file *mine = fd_file((struct fd_table *)&me->fds, 1), *its = fd_file((struct fd_table *)&child->fds, 1);
    struct process *found;
    u64 flags = spin_lock_irq(&processes_lock);

    found = process_find_locked(pid);
    spin_unlock_irq(&processes_lock, flags);
    expected.rax = 0;
    fact(FACT_NOTE, 0, child->pid == pid && found == child);
    fact(FACT_NOTE, 1, child->parent == me && child->ppid == me->pid);
    fact(FACT_NOTE, 2, child->space && child->space != me->space);
    fact(FACT_NOTE, 3, child->signals.action && child->signals.action != me->signals.action &&
                       !memcmp(child->signals.action, me->signals.action, NSIG * sizeof(struct signal_action)));
    fact(FACT_NOTE, 4, mine && mine == its);
    fact(FACT_NOTE, 5, child->fs.cwd == me->fs.cwd && child->fs.umask == me->fs.umask && child->fs.fds == &child->fds);
    fact(FACT_NOTE, 6, child->pgid == me->pgid && child->sid == me->sid);
    fact(FACT_NOTE, 7, !memcmp(user_frame(t->user), &expected, sizeof(expected)));
    fact(FACT_NOTE, 8, t->user->root == child->space->root && t->owner == child);
    fact(FACT_NOTE, 9, !child->signals.pending && !child->lent && !me->lending);
    fact(FACT_NOTE, 10, !strcmp(child->name, me->name));
    fact(FACT_NOTE, 11, user_thread(t)->blocked == user_thread(current())->blocked);
    fact(FACT_NOTE, 12, !memcmp(&user_thread(t)->altstack, &user_thread(current())->altstack, sizeof(struct signal_stack)));
    fact(FACT_NOTE, 13, t->user->fs_base == current()->user->fs_base);
    fact(FACT_NOTE, 14, t->priority == current()->priority);
    if (mine)
        file_put(mine);
    if (its)
        file_put(its);
}

static int child(struct address_space *space)
{
    struct process *me = current_process();
    int error = lay_out(space);
    pid_t pid;

    if (error)
        return error;
    me->signals.action[SIGUSR1 - 1] = (struct signal_action){ .handler = CHILD_CODE, .mask = 5 };
    me->fs.umask = 0123;
    user_thread(current())->blocked = me->signals.pending = SIGNAL_BIT(SIGUSR2); /* it came, and waits */
    user_thread(current())->altstack = (struct signal_stack){ .start = DATA, .size = PAGE_SIZE };
    user_fs_base_set(current()->user, DATA + PAGE_SIZE);
    thread_set_priority(current()->tid, PRIORITY_LOW);
    pid = child_fork();
    me->signals.pending = 0;
    if (pid < 0)
        return pid;
    if (child_of(pid))
        tell_child(me, child_of(pid), pid);
    else
        fact(FACT_NOTE, 0, 0);
    return children_end();
}

KTEST(fork_child, "what a child has right after fork")
{
    return run_in_space(child);
}

/* RESULT and RETURNED: step, what parent and child read at DATA: 0 before anybody wrote, 1 after the parent wrote, 2 after the child did;
   3 and 4 the page behind it, untouched until then, after the child wrote and after the parent did. */
static void read_both(u64 step, uptr at)
{
    u64 mine = 0, its = 0;

    fact(FACT_RESULT, step, user_copy(&mine, (const void *)at, sizeof(mine)) ? ~0ul : mine);
    fact(FACT_RETURNED, step, child_reads(at, &its) ? its : ~0ul);
}

static int apart(struct address_space *space)
{
    int error = lay_out(space);
    pid_t pid;

    if (error)
        return error;
    pid = child_fork();
    if (pid < 0)
        return pid;
    read_both(0, DATA);
    fact(FACT_FOUND, 1, parent_writes(DATA, PARENT_VALUE));
    read_both(1, DATA);
    fact(FACT_FOUND, 2, child_writes(DATA));
    read_both(2, DATA);
    fact(FACT_FOUND, 3, child_writes(DATA + PAGE_SIZE));
    read_both(3, DATA + PAGE_SIZE);
    fact(FACT_FOUND, 4, parent_writes(DATA + PAGE_SIZE, PARENT_VALUE));
    read_both(4, DATA + PAGE_SIZE);
    error = children_end();
    return failalloc_failed() ? -ENOMEM : error;
}

KTEST(fork_apart, "parent and child write to their memory in turn")
{
    return run_in_space(apart);
}

/* More descriptors than a table has room for when it is made. */
static int open_many(struct process *me)
{
    int fd = 0;

    me->fds.limit = 2 * MAX_FDS;
    while (fd >= 0 && fd <= MAX_FDS)
        fd = fd_dup(&me->fds, 0);
    return fd < 0 ? fd : 0;
}

/* A fork whose child ends at once, for failalloc. -EBUSY: it failed, and left the folder with a user more than before. */
static int alone(struct address_space *space)
{
    int error = lay_out(space);
    const struct inode *folder = current_process()->fs.cwd;
    u64 users = folder->refs;
    pid_t pid;

    if (!error)
        error = open_many(current_process());

    if (error)
        return error;
    pid = child_fork();
    if (pid > 0)
        return children_end();
    return folder->refs == users ? pid : -EBUSY;
}

KTEST(fork_alone, "a fork, and its child's end")
{
    return run_in_space(alone);
}

/* A fork that borrows the space, with its first, second, ... allocation failing. RETURNED: n, what it returned; RESULT: n, what the parent
   reads in its memory then. */
static int lent(struct address_space *space)
{
    int error = lay_out(space);

    if (!error)
        error = open_many(current_process());
    for (u64 n = 1; n <= LENT_STEPS && !error; n++) {
        u64 seen = 0;
        pid_t pid;

        failalloc_start(n);
        pid = child_fork_to_end(true);
        failalloc_stop();
        fact(FACT_RETURNED, n, (u64)(s64)pid);
        fact(FACT_RESULT, n, user_copy(&seen, (const void *)DATA, sizeof(seen)) ? ~0ul : seen);
        if (pid > 0)
            break;
    }
    return error;
}

KTEST(fork_lent, "a fork without a copy that finds no memory")
{
    return run_in_space(lent);
}

/* Children that run as soon as they may, end, and are forgotten. NOTE: round, what fork returned; FOUND: round, whether there is a child;
   RESULT: round, what the parent reads in its memory. */
static int forks_and_loses(struct address_space *space, bool share)
{
    struct process *me = current_process();
    int error = lay_out(space);

    me->signals.action[SIGCHLD - 1].handler = SIG_IGN;
    while (!error && current()->mlfq.level == 0)
        use_cpu(NS_PER_MS); /* a child begins at the top, and so before its parent */
    for (u64 round = 0; round < 3 && !error; round++) {
        u64 seen = 0;
        pid_t pid = child_fork_to_end(share);

        error = pid < 0 ? pid : 0;
        fact(FACT_NOTE, round, (u64)(s64)pid);
        fact(FACT_FOUND, round, pid > 0 && child_of(pid));
        fact(FACT_RESULT, round, user_copy(&seen, (const void *)DATA, sizeof(seen)) ? ~0ul : seen);
    }
    return failalloc_failed() ? -ENOMEM : error;
}

static int gone(struct address_space *space)
{
    return forks_and_loses(space, false);
}

KTEST(fork_gone, "a child that is gone when fork returns")
{
    return run_in_space(gone);
}

static int borrowers(struct address_space *space)
{
    return forks_and_loses(space, true);
}

KTEST(fork_borrowers, "a child that borrows the space, and is gone at once: needs lab 3.6")
{
    return run_in_space(borrowers);
}

/* RESULT: what fork returned; NOTE: 0, the word at parent_tid; 1, the child's stack pointer; 2, its FS base; 3, whether there is a child
   when parent_tid is no address. */
static int options(struct address_space *space)
{
    struct trap_frame *frame = user_frame(current()->user);
    struct process *child;
    struct thread *t;
    int error = lay_out(space);
    u32 seen = 0;
    pid_t pid;

    if (error)
        return error;
    user_frame_init(frame, CHILD_CODE, 0);
    frame->rbx = CHILD_SHARED;
    frame->r13 = CHILD_VALUE;
    pid = process_fork(&(struct fork_options){ .stack = DATA + 0x800, .set_tls = true, .tls = 0x1234560, .parent_tid = DATA + 8 });
    if (pid < 0)
        return pid;
    child = child_of(pid);
    if (!child) {
        fact(FACT_NOTE, 0, 0);
        return children_end();
    }
    t = list_entry(child->threads.next, struct thread, owner_link);
    (void)user_copy(&seen, (const void *)(DATA + 8), sizeof(seen));
    fact(FACT_NOTE, 0, seen == (u32)pid);
    fact(FACT_NOTE, 1, user_frame(t->user)->rsp);
    fact(FACT_NOTE, 2, t->user->fs_base);
    pid = process_fork(&(struct fork_options){ .stack = DATA + 0x800, .parent_tid = 8 });
    fact(FACT_NOTE, 3, pid > 0 && child_of(pid));
    error = children_end();
    return failalloc_failed() ? -ENOMEM : error;
}

KTEST(fork_options, "a fork with a stack, a thread pointer and a place for the id")
{
    return run_in_space(options);
}
