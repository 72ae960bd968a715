/* Where system calls arrive from arch (arch/upcall.h). */
#include "syscall/syscall.h"
#include "arch/upcall.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "proc/fault.h"

void syscall(struct trap_frame *frame)
{
    u64 number = frame->rax;

    if (likely(number < nr_system_calls && system_calls[number].call))
        frame->rax = (u64)system_calls[number].call(frame);
    else
        frame->rax = (u64)-ENOSYS;
    irq_disable();
    before_user_mode(frame);
}
