/* System calls that make, change, end and await processes. */
#include "arch/user.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/clone.h"
#include "proc/exec_path.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "proc/wait.h"
#include "sched/sched.h"
#include "syscall/calls.h"

#define WAIT_INFO_SIZE 28 /* of a siginfo: up to the status; the rest stays */
#define CLONE_VM 0x100ul
#define CLONE_FS 0x200ul
#define CLONE_FILES 0x400ul
#define CLONE_SIGHAND 0x800ul
#define CLONE_VFORK 0x4000ul
#define CLONE_THREAD 0x10000ul
#define CLONE_SYSVSEM 0x40000ul
#define CLONE_SETTLS 0x80000ul
#define CLONE_PARENT_SETTID 0x100000ul
#define CLONE_CHILD_CLEARTID 0x200000ul
#define CLONE_DETACHED 0x400000ul
#define CLONE_CHILD_SETTID 0x1000000ul
#define CLONE_CLEAR_SIGHAND 0x100000000ul /* of clone3() alone */
#define CLONE_SIGNAL 0xfful
#define CLONE_FOR_ALL (CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)
#define CLONE_FOR_THREADS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD) /* all of them, or it is no thread */

s64 sys_getpid(void)
{
    return current_process()->pid;
}

s64 sys_getppid(void)
{
    return current_process()->ppid;
}

s64 sys_sched_yield(void)
{
    (void)__atomic_fetch_add(&this_rq()->nr_yields, 1, __ATOMIC_RELAXED);
    thread_yield();
    return 0;
}

s64 sys_fork(void)
{
    return process_fork(&(struct fork_options){ 0 });
}

/* Whether vfork() may hand over the space: nobody else runs in it meanwhile. Otherwise the child gets a copy. */
static bool may_lend_space(void)
{
    return process_has_one_thread(current_process());
}

s64 sys_vfork(void)
{
    return process_fork(&(struct fork_options){ .share = may_lend_space() });
}

/* Threads; and fork() and vfork() by other names. signal: that the parent gets at the child's end. options: with what goes with flags;
   those that are not set are taken away. */
static s64 clone(u64 flags, u64 signal, struct fork_options *options)
{
    options->share = flags & CLONE_VM;
    options->set_tls = flags & CLONE_SETTLS;
    options->parent_tid = flags & CLONE_PARENT_SETTID ? options->parent_tid : 0;
    options->clear_tid = flags & CLONE_CHILD_CLEARTID ? options->child_tid : 0;
    options->child_tid = flags & CLONE_CHILD_SETTID ? options->child_tid : 0;
    options->clear_handlers = flags & CLONE_CLEAR_SIGHAND;
    if (options->set_tls && options->tls >= USER_END)
        return -EPERM;
    if (flags & CLONE_THREAD) {
        if (~flags & CLONE_FOR_THREADS || flags & ~(CLONE_FOR_THREADS | CLONE_FOR_ALL | CLONE_SYSVSEM | CLONE_DETACHED))
            return -EINVAL;
        return process_clone(options);
    }
    if (flags & ~(CLONE_FOR_ALL | CLONE_CLEAR_SIGHAND | CLONE_VM | CLONE_VFORK) || signal != SIGCHLD ||
        !(flags & CLONE_VM) != !(flags & CLONE_VFORK))
        return -EINVAL;
    options->share = options->share && may_lend_space();
    return process_fork(options);
}

s64 sys_clone(u64 flags, uptr stack, uptr parent_tid, uptr child_tid, u64 tls)
{
    struct fork_options options = { .stack = stack, .tls = tls, .parent_tid = parent_tid, .child_tid = child_tid };

    return clone((u32)flags & ~CLONE_SIGNAL, flags & CLONE_SIGNAL, &options); /* as Linux: what is above 32 bits is nothing */
}

/* clone3()'s arguments, of which there were fewer once: those at the end that are missing are 0. */
struct clone_arguments {
    u64 flags;
    uptr pidfd, child_tid, parent_tid;
    u64 signal;
    uptr stack;
    u64 stack_size, tls;
    uptr tids;
    u64 tids_size, group;
};

/* As far as the program has them, and as far as the kernel knows them: what is beyond has to be 0. Returns 0, -EINVAL, -E2BIG, -EFAULT. */
static int clone_arguments(uptr at, size_t size, struct clone_arguments *to)
{
    size_t known = min(size, sizeof(*to));
    u8 more[64];

    *to = (struct clone_arguments){ 0 };
    if (size < offsetof(struct clone_arguments, tids))
        return -EINVAL;
    if (size > PAGE_SIZE)
        return -E2BIG;
    for (size_t part; size > known; size -= part) {
        part = min(size - known, sizeof(more));
        if (copyin(more, at + size - part, part))
            return -EFAULT;
        for (size_t i = 0; i < part; i++)
            if (more[i])
                return -E2BIG;
    }
    return copyin(to, at, known);
}

s64 sys_clone3(uptr at, size_t size)
{
    struct fork_options options;
    struct clone_arguments a;
    int error = clone_arguments(at, size, &a);

    if (error)
        return error;
    if (a.tids || a.tids_size || a.signal > NSIG || a.flags & (CLONE_SIGNAL | CLONE_DETACHED) ||
        (a.flags & CLONE_SIGHAND && a.flags & CLONE_CLEAR_SIGHAND) || (a.flags & CLONE_THREAD && a.signal) ||
        !a.stack != !a.stack_size || a.stack_size > USER_END || a.stack > USER_END - a.stack_size)
        return -EINVAL;
    options = (struct fork_options){ .stack = a.stack + a.stack_size, .tls = a.tls, .parent_tid = a.parent_tid, .child_tid = a.child_tid };
    return clone(a.flags, a.signal, &options);
}

s64 sys_execve(uptr path, uptr argv, uptr envp)
{
    char *buffer = path_buffer();
    s64 result;

    if (!buffer)
        return -ENOMEM;
    result = copyin_string(buffer, path, PATH_MAX);
    if (result >= 0)
        result = process_exec_path(buffer, argv, envp, NULL);
    path_free(buffer);
    return result;
}

s64 sys_exit(int status)
{
    process_exit((status & 0xff) << 8);
}

s64 sys_exit_group(int status)
{
    process_end((status & 0xff) << 8);
}

/* What a child used is known when it has ended. */
s64 sys_wait4(int pid, uptr status, int options, uptr usage)
{
    struct usage used = { 0 };
    struct rusage resources;
    int code = 0;
    pid_t found;

    if ((u32)options & ~(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    if ((u32)options & WCLONE && !(options & WALL))
        return -ECHILD; /* all send one */
    found = process_wait_for(pid, options, &code);
    if (found <= 0)
        return found;
    if ((code & 0x7f) != 0x7f) /* neither stopped nor continued */
        used = user_thread(current())->used_by_child;
    usage_to_user(&resources, &used);
    if ((status && copyout(status, &code, sizeof(code))) || (usage && copyout(usage, &resources, sizeof(resources))))
        return -EFAULT;
    return found;
}

s64 sys_waitid(int which, int id, uptr info, int options, uptr usage)
{
    struct user_siginfo told = { 0 };
    struct child_news news;
    struct usage used = { 0 };
    struct rusage resources;
    int error;

    if (options & ~(WNOHANG | WNOWAIT | WEXITED | WUNTRACED | WCONTINUED | WNOTHREAD | WALL) ||
        !(options & (WEXITED | WUNTRACED | WCONTINUED)) || which < WAIT_ALL || which > WAIT_GROUP ||
        (which == WAIT_PID && id <= 0) || (which == WAIT_GROUP && id < 0))
        return -EINVAL;
    error = process_wait_id((enum wait_for)which, id, options, &news);
    if (news.how && news.how <= CLD_DUMPED && !(options & WNOWAIT))
        used = user_thread(current())->used_by_child;
    usage_to_user(&resources, &used);
    if (news.how)
        told = info_for_user(SIGCHLD, &(struct signal_info){ .code = news.how, .pid = news.pid, .uid = news.uid,
                                                             .value = (u32)news.status });
    if ((usage && news.how && copyout(usage, &resources, sizeof(resources))) || (info && copyout(info, &told, WAIT_INFO_SIZE)))
        return -EFAULT; /* as on Linux also if nobody was found */
    return error;
}
