/* Reading stacks, for people. Any context; touches nothing outside the bounds it is given. */
#include "arch/arch.h"
#include "arch/trap_frame.h"
#include "arch/x86_64/switch_frame.h"

#define OPCODE_CALL 0xe8

extern const char text_start[], text_end[], trap_return[];

bool in_kernel_text(u64 va)
{
    return va >= (u64)text_start && va < (u64)text_end;
}

unsigned backtrace_from(u64 rbp, u64 lo, u64 hi, u64 *rip, unsigned max)
{
    unsigned n = 0;

    /* A frame is the caller's rbp and above it the return address; callers lie higher, so a loop cannot close. */
    while (n < max && rbp >= lo && rbp + 16 <= hi && rbp % 8 == 0) {
        const u64 *frame = (const u64 *)rbp;

        if (!in_kernel_text(frame[1]))
            break;
        rip[n++] = frame[1];
        /* trap() was called by an interrupt, with its frame right above. Who was interrupted has pushed no return address. */
        if (frame[1] == (u64)trap_return && n < max && hi - rbp >= 16 + sizeof(struct trap_frame))
            rip[n++] = ((const struct trap_frame *)(frame + 2))->rip + 1;
        if (frame[0] <= rbp)
            break;
        rbp = frame[0];
    }
    return n;
}

unsigned backtrace_scan(u64 lo, u64 hi, u64 *rip, unsigned max)
{
    unsigned n = 0;

    for (u64 at = align_up(lo, sizeof(u64)); at + sizeof(u64) <= hi && n < max; at += sizeof(u64)) {
        u64 word = *(const u64 *)at;

        /* A return address follows a call; the near relative call, five bytes, is nearly all that there is. */
        if (in_kernel_text(word - 5) && *(const u8 *)(word - 5) == OPCODE_CALL)
            rip[n++] = word;
    }
    return n;
}

u64 called_from(u64 rip)
{
    return *(const u8 *)(rip - 5) == OPCODE_CALL ? rip + (u64)(s64)*(const s32 *)(rip - 4) : 0;
}

u64 switched_rip(const u64 *rsp)
{
    return ((const struct switch_frame *)rsp)->rip;
}

u64 switched_rbp(const u64 *rsp)
{
    return ((const struct switch_frame *)rsp)->rbp;
}
