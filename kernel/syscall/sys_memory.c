/* System calls on memory. Lock: the address space's. */
#include "proc/process.h"

s64 sys_brk(uptr end);

s64 sys_brk(uptr end)
{
    struct process *p = current_process();
    uptr at;

    mutex_lock(&p->space_lock);
    at = aspace_brk(p->space, end);
    mutex_unlock(&p->space_lock);
    return (s64)at;
}
