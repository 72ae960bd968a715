/* unshare(): whoever is alone has all for itself already; threads cannot part, and there is one namespace of each kind. */
#include "lib/errno.h"
#include "proc/table.h"
#include "syscall/calls.h"

#define CLONE_OWN 0x00050f00u        /* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
#define CLONE_NAMESPACES 0x7e020080u /* those of mounts, time, control groups, names, IPC, users, processes and networks */

s64 sys_unshare(u64 what)
{
    u64 flags;
    bool alone;

    if (what & ~(u64)(CLONE_OWN | CLONE_NAMESPACES))
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    alone = process_has_one_thread(current_process());
    spin_unlock_irq(&processes_lock, flags);
    if (!alone && what & CLONE_OWN)
        return -EINVAL;
    if (what & CLONE_NAMESPACES)
        return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
    return 0;
}
