/* Where system calls arrive from arch (arch/upcall.h). */
#include "syscall/syscall.h"
#include "arch/upcall.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "proc/fault.h"
#include "proc/oom.h"

/* The call found no memory, and so has done nothing: it is made again when there is some. Each time it takes more to be enough. */
static __attribute__((noinline, cold)) void call_again(struct trap_frame *frame)
{
    for (size_t n = OOM_FRAMES; frame->rax == (u64)-ENOMEM && n <= OOM_FRAMES_MOST && oom_make_room(n); n *= 4)
        frame->rax = (u64)system_calls[syscall_number(frame)].call(frame);
}

void syscall(struct trap_frame *frame)
{
    u64 number = frame->rax;

    if (likely(number < nr_system_calls && system_calls[number].call))
        frame->rax = (u64)system_calls[number].call(frame);
    else
        frame->rax = (u64)-ENOSYS;
    if (unlikely(frame->rax == (u64)-ENOMEM))
        call_again(frame);
    irq_disable();
    before_user_mode(frame);
}
