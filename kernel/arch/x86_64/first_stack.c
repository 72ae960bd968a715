/* A new thread's first stack: made by hand, so that the first switch to the thread finds what switch_context() leaves behind when it
   switches a thread out. No lock: the thread is not yet known to anybody. Entry: first_stack(). */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "arch/x86_64/switch_frame.h"

/* stack_top is 16-byte aligned, and the System V ABI wants rsp + 8 to be a multiple of 16 at a function's first instruction, that is,
   rsp a multiple of 16 just before a call. thread_start is entered by `ret` and makes calls: it needs rsp % 16 == 0. */
u64 *first_stack(void *stack_top, int (*entry)(void *), void *arg)
{
#if SOLVED >= 102
    struct switch_frame *frame = (struct switch_frame *)stack_top - 1;

    *frame = (struct switch_frame){
        .r12 = (u64)entry,
        .r13 = (u64)arg,
        .rbp = 0, /* ends a backtrace */
        .rflags = SWITCH_RFLAGS,
        .rip = (u64)thread_start,
    };
    return (u64 *)frame;
#else
    /* Put a struct switch_frame below stack_top, with thread_start as its return address and entry and arg where thread_start
       looks for them. Where does rsp stand after the `ret`? */
    (void)stack_top, (void)entry, (void)arg;
    panic("lab 1.2: first_stack is yours to write (kernel/arch/x86_64/first_stack.c)");
#endif
}
