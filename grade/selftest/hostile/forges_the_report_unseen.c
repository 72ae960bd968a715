/* The same without naming anything of the tests': searches the kernel's memory for the report. */
#include "ktest/ktest.h"

extern char data_start[], kernel_end[];

static void hostile(void)
{
    struct ktest_report *r = (struct ktest_report *)align_up((u64)data_start, 8);

    while ((char *)r < kernel_end && (r->magic != KTEST_MAGIC || r->nonce < 1ul << 63))
        r = (struct ktest_report *)((u64)r + 8);
    r->count = 12;
    for (u64 i = 0; i < 12; i++)
        r->fact[i] = (struct ktest_fact){ .seq = i + 1, .time = clock_ns(), .key = FACT_TURN, .a = i % 3, .b = i / 3 };
    r->frames_after = r->frames_before;
    r->objects_after = r->objects_before;
    r->done_time = clock_ns();
    r->done = KTEST_MAGIC;
    machine_poweroff();
}
