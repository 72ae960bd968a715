/* A second solution of lab 1.2: words by number, and other registers than the reference's for what thread_start needs. */
#include "arch/arch.h"
#include "arch/x86_64/switch_frame.h"

enum { R15, R14, R13, R12, RBX, RBP, RFLAGS, RETURN, WORDS };

u64 *first_stack(void *stack_top, int (*entry)(void *), void *arg)
{
    u64 *rsp = stack_top;

    *--rsp = 0; /* two words of room, so that rsp stays a multiple of 16 */
    *--rsp = 0;
    rsp -= WORDS;
    for (int word = 0; word < WORDS; word++)
        rsp[word] = 0;
    rsp[RETURN] = (u64)thread_start;
    rsp[RFLAGS] = 2;
    rsp[R15] = (u64)arg;
    rsp[RBX] = (u64)entry;
    return rsp;
}
