/* System calls that make, change, end and await processes. */
#include "arch/user.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/exec_path.h"
#include "proc/fork.h"
#include "proc/table.h"
#include "proc/wait.h"
#include "sched/sched.h"
#include "syscall/calls.h"

#define CLONE_VM 0x100ul
#define CLONE_VFORK 0x4000ul
#define CLONE_SETTLS 0x80000ul
#define CLONE_PARENT_SETTID 0x100000ul
#define CLONE_CHILD_CLEARTID 0x200000ul
#define CLONE_CHILD_SETTID 0x1000000ul
#define CLONE_SIGNAL 0xfful

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
    thread_yield();
    return 0;
}

s64 sys_fork(void)
{
    return process_fork(&(struct fork_options){ 0 });
}

s64 sys_vfork(void)
{
    return process_fork(&(struct fork_options){ .share = true });
}

/* As far as it makes processes: fork() and vfork() by other names. */
s64 sys_clone(u64 flags, uptr stack, uptr parent_tid, uptr child_tid, u64 tls)
{
    struct fork_options options = {
        .stack = stack,
        .share = flags & CLONE_VM,
        .set_tls = flags & CLONE_SETTLS,
        .tls = tls,
        .parent_tid = flags & CLONE_PARENT_SETTID ? parent_tid : 0,
        .child_tid = flags & CLONE_CHILD_SETTID ? child_tid : 0,
        .clear_tid = flags & CLONE_CHILD_CLEARTID ? child_tid : 0,
    };
    u64 honoured = CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_VM | CLONE_VFORK | CLONE_SIGNAL;

    if (flags & ~honoured || (flags & CLONE_SIGNAL) != SIGCHLD || !(flags & CLONE_VM) != !(flags & CLONE_VFORK))
        return -EINVAL;
    return process_fork(&options);
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

/* One thread a process: phase 4 tells the two apart. */
s64 sys_exit(int status)
{
    process_exit((status & 0xff) << 8);
}

s64 sys_exit_group(int status)
{
    process_exit((status & 0xff) << 8);
}

/* What a child used is known when it has ended. */
s64 sys_wait4(int pid, uptr status, int options, uptr usage)
{
    struct process *me = current_process();
    struct usage used = { 0 };
    struct rusage resources;
    int code = 0;
    pid_t found;
    u64 flags;

    if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    found = process_wait_for(pid, options, &code);
    if (found <= 0)
        return found;
    if ((code & 0x7f) != 0x7f) { /* neither stopped nor continued */
        flags = spin_lock_irq(&processes_lock);
        used = me->used_by_last;
        spin_unlock_irq(&processes_lock, flags);
    }
    usage_to_user(&resources, &used);
    if ((status && copyout(status, &code, sizeof(code))) || (usage && copyout(usage, &resources, sizeof(resources))))
        return -EFAULT;
    return found;
}
