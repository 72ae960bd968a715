/* System calls on processes. */
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/fork.h"
#include "sched/sched.h"

#define WNOHANG 1

s64 sys_getpid(void);
s64 sys_getppid(void);
s64 sys_fork(void);
s64 sys_exit(int status);
s64 sys_exit_group(int status);
s64 sys_wait4(int pid, uptr status, int options, uptr usage);
s64 sys_sched_yield(void);

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

s64 sys_exit(int status)
{
    process_exit((status & 0xff) << 8);
}

s64 sys_exit_group(int status)
{
    process_exit((status & 0xff) << 8);
}

s64 sys_wait4(int pid, uptr status, int options, uptr usage)
{
    int code = 0, error = 0;
    pid_t found;

    if (options & ~WNOHANG || usage)
        return -EINVAL;
    found = process_wait(pid, &code, options & WNOHANG);
    if (found > 0 && status)
        error = copyout(status, &code, sizeof(code));
    return error ? error : found;
}
